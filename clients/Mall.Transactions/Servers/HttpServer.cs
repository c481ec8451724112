using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Mall.Transactions.Client.Servers;

internal sealed class HttpServer(HttpClient http) : ITransactionServer
{
    private static readonly UTF8Encoding s_text = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>A branch that registers branches of its own does it there.</summary>
    private string Address => http.BaseAddress is { } address
        ? Uri.EscapeDataString(new UriBuilder(address) { UserName = "", Password = "" }.Uri.AbsoluteUri.TrimEnd('/'))
        : "";

    public async Task<TransactionAnswer> SendAsync(
        string call, TransactionRequest request, CancellationToken cancellationToken) =>
        (await PostAsync(call, Wire(request), cancellationToken)).Answer;

    public async Task<TransactionAnswer> RegisterAsync(
        string gid, string type, string branch, byte[] payload, Dictionary<string, string> data,
        CancellationToken cancellationToken) =>
        (await PostAsync(
            "registerBranch",
            new Dictionary<string, string>(data)
            {
                ["gid"] = gid, ["trans_type"] = type, ["branch_id"] = branch, ["data"] = s_text.GetString(payload),
            },
            cancellationToken)).Answer;

    public async Task<(WorkflowState? Known, TransactionAnswer Answer)> PrepareWorkflowAsync(
        TransactionRequest request, CancellationToken cancellationToken)
    {
        var (answer, body) = await PostAsync("prepareWorkflow", Wire(request), cancellationToken);
        if (!answer.IsSuccess) return (null, answer);
        var found = JsonSerializer.Deserialize<WireWorkflow>(body, s_json)!;
        return (
            new WorkflowState(
                found.Transaction.Status, found.Transaction.RollbackReason, found.Transaction.Result,
                (found.Progresses ?? []).ToDictionary(
                    step => (step.BranchId, step.Op),
                    step => new WorkflowStep(step.Status == WorkflowRun.Failed, step.BinData ?? []))),
            answer);
    }

    public async Task<byte[]> CallAsync(BranchCall call, CancellationToken cancellationToken)
    {
        var query = $"dtm={Address}&gid={Uri.EscapeDataString(call.Gid)}&trans_type={call.Type}&branch_id={call.Branch}"
            + $"&op={call.Op}";
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"{call.Target}{(call.Target.Contains('?') ? '&' : '?')}{query}");
        request.Content = new ByteArrayContent(call.Payload);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in call.Options.Headers) request.Headers.TryAddWithoutValidation(name, value);
        var (answer, data) = await SendAsync(request, isBranch: true, call.Patience, cancellationToken);
        answer.EnsureSuccess();
        return data;
    }

    private async Task<(TransactionAnswer Answer, byte[] Body)> PostAsync<T>(
        string call, T body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, call);
        request.Content = JsonContent.Create(body, options: s_json);
        return await SendAsync(request, isBranch: false, patience: null, cancellationToken);
    }

    private async Task<(TransactionAnswer Answer, byte[] Body)> SendAsync(
        HttpRequestMessage request, bool isBranch, TimeSpan? patience, CancellationToken cancellationToken)
    {
        var target = request.RequestUri!.OriginalString;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (patience is { } limit) end.CancelAfter(limit);
        try
        {
            using var response = await http.SendAsync(request, end.Token);
            var body = await response.Content.ReadAsByteArrayAsync(end.Token);
            var (status, text) = ((int)response.StatusCode, Encoding.UTF8.GetString(body));

            // A branch's body that says so counts as much as the status: older services answer with 200 always.
            var outcome = status == 425 || (isBranch && text.Contains("ONGOING", StringComparison.Ordinal))
                ? TransactionOutcome.Ongoing
                : status == 409 || (isBranch && text.Contains("FAILURE", StringComparison.Ordinal)) ? TransactionOutcome.Refused
                : status == 200 ? TransactionOutcome.Success : TransactionOutcome.Unknown;
            return (new TransactionAnswer(outcome, outcome switch
            {
                TransactionOutcome.Success => null,
                TransactionOutcome.Unknown => $"{target} was answered with {status}: {text}",
                _ => text,
            }), body);
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (new TransactionAnswer(TransactionOutcome.Unknown, $"{target} was not answered: {e.Message}"), []);
        }
    }

    private sealed record WireWorkflow(WireTransaction Transaction, List<WireStep>? Progresses);

    private sealed record WireTransaction(string Status, string? RollbackReason, string? Result);

    private sealed record WireStep(string BranchId, string Op, string Status, byte[]? BinData);

    private static Dictionary<string, object?> Wire(TransactionRequest request) => new()
    {
        ["gid"] = request.Gid, ["trans_type"] = request.Type, ["steps"] = request.Steps.Select(Step),
        ["payloads"] = request.Steps.Select(step => s_text.GetString(step.Payload)), ["custom_data"] = request.CustomData,
        ["query_prepared"] = request.QueryPrepared, ["req_extra"] = request.Extra,
        ["rollback_reason"] = request.RollbackReason,
        ["wait_result"] = request.Options.WaitsForResult, ["timeout_to_fail"] = Seconds(request.Options.TimeoutToFail),
        ["request_timeout"] = Seconds(request.Options.RequestTimeout),
        ["retry_interval"] = Seconds(request.Options.RetryInterval), ["retry_limit"] = request.Options.RetryLimit,
        ["branch_headers"] = request.Options.Headers,
    };

    /// <summary>The server knows whole seconds; 0: what it is set to.</summary>
    internal static long Seconds(TimeSpan? span) => (long)Math.Ceiling(span?.TotalSeconds ?? 0);

    internal static Dictionary<string, string> Step(TransactionStep step)
    {
        var wire = new Dictionary<string, string> { ["action"] = step.Action };
        if (step.Compensate is { } compensate) wire["compensate"] = compensate;
        return wire;
    }
}
