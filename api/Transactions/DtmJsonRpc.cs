using System.Text.Json.Nodes;
using Mall.Transactions;

namespace Mall.Api.Transactions;

/// <summary>The same by JSON-RPC 2.0; the answer's status is 200 whatever it says.</summary>
internal static class DtmJsonRpc
{
    private const int Failure = -32901;
    private const int Ongoing = -32902;
    private const int ParseError = -32700;
    private const int InvalidRequest = -32600;
    private const int NoSuchMethod = -32601;
    private const int Internal = -32603; // As DTM has it, also of parameters that make no sense.

    public static async Task HandleAsync(HttpContext http)
    {
        var desk = http.RequestServices.GetRequiredService<DtmDesk>();
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = null };
        try
        {
            var (request, parameters) = Parse(await DtmEndpoints.BodyAsync(http));
            answer["id"] = request["id"]?.DeepClone();
            answer["result"] = await AskAsync(http, desk, request["method"]!.ToString(), parameters);
        }
        catch (RpcError e)
        {
            answer["error"] = new JsonObject { ["code"] = e.Code, ["message"] = e.Message };
        }
        catch (BadTransactionException e)
        {
            answer["error"] = new JsonObject { ["code"] = Internal, ["message"] = e.Message };
        }
        catch (BadHttpRequestException e)
        {
            answer["error"] = new JsonObject { ["code"] = InvalidRequest, ["message"] = e.Message };
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            // The request's edge: whatever it was, its outcome is unknown.
            answer["error"] = new JsonObject { ["code"] = Internal, ["message"] = desk.Unknown(e) };
        }

        await http.Response.WriteAsJsonAsync(answer, http.RequestAborted);
    }

    private static (JsonObject Request, string Parameters) Parse(byte[] body)
    {
        JsonNode? request;
        try
        {
            request = JsonNode.Parse(body);
        }
        catch (JsonException e)
        {
            throw new RpcError(ParseError, $"This is no JSON: {e.Message}");
        }

        try
        {
            return request is JsonObject one && Text(one["jsonrpc"]) == "2.0" && Text(one["id"]) is { Length: > 0 }
                && Text(one["method"]) is not null
                ? (one, one["params"]?.ToJsonString() ?? "{}")
                : throw new RpcError(InvalidRequest, "This is no request of JSON-RPC 2.0 with an id and a method.");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new RpcError(InvalidRequest, e.Message); // A name given twice, or half a character, by an escape.
        }

        static string? Text(JsonNode? node) => (node as JsonValue)?.ToString();
    }

    private static async Task<JsonNode?> AskAsync(HttpContext http, DtmDesk desk, string method, string parameters)
    {
        var stop = http.RequestAborted;
        WireTransaction Wire() => DtmJson.Read<WireTransaction>(parameters, "params");
        var reply = method switch
        {
            "newGid" => null,
            "prepare" => await desk.Prepare(Wire(), DtmEndpoints.HeaderOf(http), stop),
            "submit" => await desk.Submit(Wire(), DtmEndpoints.HeaderOf(http), stop),
            "abort" => await desk.Abort(Wire()),
            "registerBranch" => (TransactionReply)await DtmEndpoints.RegisterAsync(
                desk, DtmJson.Read<Dictionary<string, string?>>(parameters, "params"), null, stop),
            var other => throw new RpcError(NoSuchMethod, $"There is no method {other}."),
        };
        return reply switch
        {
            null => new JsonObject { ["gid"] = DtmDesk.NewGid() },
            { Result: TransactionResult.Success } => new JsonObject { ["dtm_result"] = "SUCCESS" },
            _ => throw new RpcError(reply.Result == TransactionResult.Failure ? Failure : Ongoing, reply.Message ?? ""),
        };
    }

    private sealed class RpcError(int code, string message) : Exception(message)
    {
        public int Code => code;
    }
}
