using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.RateLimiting;
using Grpc.Core;
using Mall.Api.Transactions;
using Mall.Transactions;

namespace Mall.Silo.Transactions;

/// <summary>
/// Calls branches over HTTP, JSON-RPC and gRPC, as DTM's clients expect it. Each target is called so often at a time and not
/// more, and each call has a deadline, so that one that hangs holds up nobody else's, not even behind the same address.
/// </summary>
internal sealed class BranchCaller(
    IHttpClientFactory clients, BranchChannels channels, TargetBook targets, DtmSettings settings, TimeProvider clock)
        : IBranchCaller, IDisposable
{
    /// <summary>The client that calls branches.</summary>
    public const string Branches = "branches";

    /// <summary>The client that calls the alert hook.</summary>
    public const string Alerts = "alerts";

    private const int MaxCallsPerTarget = 128;
    private const int MaxAnswerBytes = 1024 * 1024;
    private const int RpcFailure = -32901;
    private const int RpcOngoing = -32902;

    private static readonly Marshaller<byte[]> s_asIs = new(message => message, message => message);
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private readonly PartitionedRateLimiter<string> _underWay = PartitionedRateLimiter.Create<string, string>(target =>
        RateLimitPartition.GetConcurrencyLimiter(target, _ => new ConcurrencyLimiterOptions
        {
            PermitLimit = MaxCallsPerTarget, QueueLimit = int.MaxValue,
        }));

    public void Dispose() => _underWay.Dispose();

    public async Task<BranchAnswer> CallAsync(BranchCall call)
    {
        if (BranchTarget.Parse(call.Target, out var complaint) is not { } target) return Unknown($"{call.Target} {complaint}");
        using var deadline = new CancellationTokenSource(call.Timeout, clock);
        var at = clock.GetUtcNow() + call.Timeout;
        try
        {
            using var turn = await _underWay.AcquireAsync(call.Target.Split('?')[0], 1, deadline.Token);
            return target.Url is { } url ? await CallHttpAsync(call, url, deadline.Token) : await CallGrpcAsync(call, target, at);
        }
        catch (OperationCanceledException)
        {
            return Unknown($"no answer within {call.Timeout.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException or FormatException)
        {
            return Unknown(e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message);
        }
    }

    public async Task AlertAsync(string alert, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Alerts);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(settings.RequestTimeout);
        using var body = new StringContent(alert, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(settings.AlertUrl, body, deadline.Token);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<BranchAnswer> CallHttpAsync(BranchCall call, Uri url, CancellationToken deadline)
    {
        var isJsonRpc = call.Protocol == "json-rpc" && url.Query.Contains("method", StringComparison.Ordinal);
        using var request = isJsonRpc ? JsonRpcRequest(call, url) : PlainRequest(call, url);
        if (request is null) return Unknown("its payload is no JSON object, which JSON-RPC needs");
        request.Content!.Headers.ContentType = new("application/json");
        foreach (var (name, value) in call.Headers)
        {
            if (request.Headers.TryAddWithoutValidation(name, value)) continue;
            request.Content.Headers.Remove(name);
            request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        using var client = clients.CreateClient(Branches);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline);
        if (await ReadAsync(response, deadline) is not { } body)
            return Unknown($"its answer is over {MaxAnswerBytes} bytes long");
        var answer = Judge((int)response.StatusCode, body);
        return isJsonRpc && answer.Outcome == BranchOutcome.Success ? JudgeJsonRpc(body) : answer;
    }

    private static HttpRequestMessage PlainRequest(BranchCall call, Uri url)
    {
        var query = new StringBuilder(url.Query);
        foreach (var (name, value) in ((string, string)[])
            [("gid", call.Gid), ("trans_type", call.Type), ("branch_id", call.BranchId), ("op", call.Op)])
            query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        var isPost = call.Payload.Length > 0 || call.Type == TransactionTypes.Xa;
        return new HttpRequestMessage(
            isPost ? HttpMethod.Post : HttpMethod.Get, new UriBuilder(url) { Query = query.ToString(), Fragment = "" }.Uri)
        {
            Content = new ByteArrayContent(call.Payload),
        };
    }

    /// <summary>Null when there is nothing to add the branch's name to.</summary>
    private static HttpRequestMessage? JsonRpcRequest(BranchCall call, Uri url)
    {
        if (ParametersOf(call.Payload) is not { } parameters) return null;
        parameters["gid"] = call.Gid;
        parameters["trans_type"] = call.Type;
        parameters["branch_id"] = call.BranchId;
        parameters["op"] = call.Op;
        var method = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(url.Query)["method"].ToString();
        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0", ["id"] = $"{call.Gid}-{call.BranchId}-{call.Op}", ["method"] = method, ["params"] = parameters,
        };
        return new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body.ToJsonString()) };
    }

    private static JsonObject? ParametersOf(byte[] payload)
    {
        try
        {
            if (payload.Length == 0) return [];
            return JsonNode.Parse(payload, documentOptions: s_strict) is { } given ? given as JsonObject : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // Half a character in a name, by an escape.
        {
            return null;
        }
    }

    /// <summary>Null when it is too long.</summary>
    private static async Task<string?> ReadAsync(HttpResponseMessage response, CancellationToken deadline)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(deadline);
        using var body = new MemoryStream();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, deadline) is > 0 and var read)
        {
            if (body.Length + read > MaxAnswerBytes) return null;
            body.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length).Replace('\0', '?');
    }

    /// <summary>A body that says so counts as much as the status: older services answer with 200 always.</summary>
    private static BranchAnswer Judge(int status, string body) =>
        status == 425 || body.Contains("ONGOING", StringComparison.Ordinal) ? new(BranchOutcome.Ongoing, body)
        : status == 409 || body.Contains("FAILURE", StringComparison.Ordinal) ? new(BranchOutcome.Failure, body)
        : status == 200 ? BranchAnswer.Success
        : Unknown($"HTTP status {status} {body}");

    private static BranchAnswer JudgeJsonRpc(string body)
    {
        try
        {
            if (JsonNode.Parse(body) is not JsonObject answer) return Unknown($"this is no JSON-RPC: {body}");
            if (answer["error"] is not JsonObject error) return BranchAnswer.Success;
            return error["code"] is JsonValue value && value.TryGetValue(out int code) && code is RpcFailure or RpcOngoing
                ? new(code == RpcFailure ? BranchOutcome.Failure : BranchOutcome.Ongoing, body)
                : Unknown(body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // The latter two are of names: half a character, by an escape, and one that stands there twice.
            return Unknown($"this is no JSON-RPC: {body}");
        }
    }

    private async Task<BranchAnswer> CallGrpcAsync(BranchCall call, BranchTarget target, DateTimeOffset deadline)
    {
        if (targets.Resolve(target) is not { Count: > 0 } found) return Unknown($"nothing here knows where {target.Server} is");
        var method = new Method<byte[], byte[]>(MethodType.Unary, target.Service, target.Method, s_asIs, s_asIs);
        var metadata = new Metadata
        {
            { "dtm-gid", Carried(call.Gid) }, { "dtm-trans_type", call.Type }, { "dtm-branch_id", Carried(call.BranchId) },
            { "dtm-op", Carried(call.Op) }, { "dtm-dtm", "" },
        };
        foreach (var (name, value) in call.Headers) metadata.Add(name.ToLowerInvariant(), Carried(value));
        var options = new CallOptions(metadata, deadline.UtcDateTime);
        try
        {
            var invoker = channels.To(found[RandomNumberGenerator.GetInt32(found.Count)]);
            using var asked = invoker.AsyncUnaryCall(method, host: null, options, call.Payload);
            await asked.ResponseAsync;
            return BranchAnswer.Success;
        }
        catch (RpcException e)
        {
            var (status, detail) = (e.StatusCode, e.Status.Detail.Replace('\0', '?'));
            return status switch
            {
                StatusCode.FailedPrecondition => new(BranchOutcome.Ongoing, detail),
                StatusCode.Aborted when detail == "ONGOING" => new(BranchOutcome.Ongoing, detail), // Of clients before 1.10.
                StatusCode.Aborted => new(BranchOutcome.Failure, detail),
                _ => Unknown($"gRPC status {status} {detail}"),
            };
        }
    }

    /// <summary>
    /// Metadata carries ASCII, and no blanks at its ends: what is beyond travels percent-encoded, as URLs have it.
    /// </summary>
    private static string Carried(string text) =>
        Ascii.IsValid(text) && text.Trim().Length == text.Length ? text : Uri.EscapeDataString(text);

    private static BranchAnswer Unknown(string error) => new(BranchOutcome.Unknown, error);
}
