using Mall.Transactions;

namespace Mall.Api.Transactions;

/// <summary>What clients read, under DTM's names.</summary>
internal static class DtmAnswers
{
    private const int TooEarly = 425; // RFC 8470; the framework has no name for it.

    /// <summary>
    /// Answers with whatever an operation says: 200, 409 FAILURE, 425 ONGOING, or 500 for what is unknown or senseless.
    /// </summary>
    public static async Task RunAsync(HttpContext http, Func<DtmDesk, Task<object>> ask)
    {
        var desk = http.RequestServices.GetRequiredService<DtmDesk>();
        var (status, body) = (StatusCodes.Status200OK, (object?)null);
        try
        {
            body = await ask(desk);
            if (body is TransactionReply reply) (status, body) = Of(reply);
        }
        catch (BadTransactionException e)
        {
            (status, body) = (StatusCodes.Status500InternalServerError, Message(e.Message));
        }
        catch (BadHttpRequestException e)
        {
            (status, body) = (StatusCodes.Status500InternalServerError, Message(e.Message));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            // The request's edge: whatever it was, its outcome is unknown.
            (status, body) = (StatusCodes.Status500InternalServerError, Message(desk.Unknown(e)));
        }

        http.Response.StatusCode = status;
        await http.Response.WriteAsJsonAsync(body, DtmJson.Options, http.RequestAborted);
    }

    public static Dictionary<string, object?> Transaction(TransactionView t)
    {
        var isFailing = t.Status is "aborting" or "failed";
        var (intent, options) = (t.Intent, t.Intent.Options);
        var shown = new Dictionary<string, object?>
        {
            ["gid"] = t.Gid, ["trans_type"] = intent.Type, ["status"] = t.Status,
            ["create_time"] = t.CreatedAt.UtcDateTime, ["update_time"] = t.UpdatedAt.UtcDateTime,
            ["query_prepared"] = Text(intent.QueryPrepared), ["protocol"] = intent.Protocol,
            ["finish_time"] = t.Status == "succeed" ? t.EndedAt?.UtcDateTime : null,
            ["rollback_time"] = t.Status == "failed" ? t.EndedAt?.UtcDateTime : null,
            ["result"] = Text(t.Result), ["rollback_reason"] = isFailing ? t.Reason : null, 
            ["trouble"] = isFailing ? null : t.Reason,
            ["custom_data"] = Text(intent.CustomData), ["concurrent"] = intent.IsConcurrent,
            ["next_cron_interval"] = t.EndedAt is null ? (long)t.Interval.TotalSeconds : null,
            ["next_cron_time"] = t.NextAt?.UtcDateTime,
            ["timeout_to_fail"] = (long?)options.TimeoutToFail?.TotalSeconds,
            ["request_timeout"] = (long?)options.RequestTimeout?.TotalSeconds,
            ["retry_interval"] = (long?)options.RetryInterval?.TotalSeconds,
            ["retry_limit"] = options.RetryLimit > 0 ? options.RetryLimit : null,
            ["branch_headers"] = options.Headers.Count > 0 // Their values may be a client's tokens.
                ? options.Headers.ToDictionary(header => header.Key, _ => "...") : null,
        };
        foreach (var absent in shown.Where(field => field.Value is null).ToArray()) shown.Remove(absent.Key);
        return shown;
    }

    public static Dictionary<string, object> Branch(string gid, TransactionBranchState state)
    {
        var branch = state.Branch;
        var shown = new Dictionary<string, object>
        {
            ["gid"] = gid, ["url"] = branch.Target, ["bin_data"] = branch.Payload, ["branch_id"] = branch.BranchId,
            ["op"] = branch.Op,
            ["status"] = state.Status,
        };
        if (state.CreatedAt is { } created) shown["create_time"] = created.UtcDateTime;
        if (state.EndedAt is { } ended) shown["finish_time"] = ended.UtcDateTime;
        if (!string.IsNullOrEmpty(state.Error)) shown["error"] = state.Error;
        return shown;
    }

    public static Dictionary<string, object> KeyValue(KeyValueView value) => new()
    {
        ["cat"] = value.Category, ["k"] = value.Name, ["v"] = value.Value, ["version"] = value.Version,
        ["create_time"] = value.CreatedAt.UtcDateTime, ["update_time"] = value.UpdatedAt.UtcDateTime,
    };

    private static Dictionary<string, string> Message(string message) => new() { ["message"] = message };

    private static (int Status, object Body) Of(TransactionReply reply) => reply.Result switch
    {
        TransactionResult.Success => (StatusCodes.Status200OK, new Dictionary<string, string> { ["dtm_result"] = "SUCCESS" }),
        TransactionResult.Failure => (StatusCodes.Status409Conflict, new Dictionary<string, string>
        {
            ["dtm_result"] = "FAILURE", ["message"] = reply.Message ?? "",
        }),
        _ => (TooEarly, new Dictionary<string, string>
        {
            ["dtm_result"] = "ONGOING", ["message"] = reply.Message ?? "",
        }),
    };

    private static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
