using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Mall.Tests.Transactions.Bank;

/// <summary>
/// The clients of transactions: what is not answered they ask again under the same gid, until it is. Those that die do not.
/// </summary>
/// <param name="door">Where the manager is; another place each time, where it has several.</param>
public sealed class BankClients(BankServices bank, Func<Uri> door, CancellationToken stop) : IDisposable
{
    private const int AmountMoved = 5;
    private const int SecondsUntilAsked = 2;
    private const int SecondsOfPatience = 30;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };

    public void Dispose() => _http.Dispose();

    /// <summary>Runs a transaction as far as its client gets.</summary>
    public Task RunAsync(Deal deal) => deal.Course switch
    {
        Course.SagaGoesWell => SagaAsync(deal, isConcurrent: false, isRefused: false),
        Course.SagaIsRefused => SagaAsync(deal, isConcurrent: false, isRefused: true),
        Course.ConcurrentSagaGoesWell => SagaAsync(deal, isConcurrent: true, isRefused: false),
        Course.ConcurrentSagaIsRefused => SagaAsync(deal, isConcurrent: true, isRefused: true),
        Course.MessageIsSent or Course.MessageClientDiesAfterItsWork or Course.MessageClientDiesBeforeItsWork =>
            MessageAsync(deal),
        Course.TccGoesWell or Course.TccIsRefused or Course.TccClientDies => TwoPhaseAsync(deal, "tcc", "try"),
        Course.XaGoesWell or Course.XaIsRefused or Course.XaClientDies => TwoPhaseAsync(deal, "xa", "action"),
        _ => WorkflowAsync(deal.Gid, PlanOf(deal), dies: deal.Course == Course.WorkflowClientDies),
    };

    /// <summary>Goes on with a workflow whose client has died, or seems to have.</summary>
    public Task<bool> ResumeAsync(string gid) => WorkflowAsync(gid, null, dies: false);

    /// <summary>The manager's word on a transaction; null: it knows none.</summary>
    public async Task<string?> StatusAsync(string gid)
    {
        while (true)
        {
            if (await SendAsync(HttpMethod.Get, $"query?gid={gid}", null) is (HttpStatusCode.OK, var text))
            {
                var found = JsonElement.Parse(text).GetProperty("transaction");
                return found.ValueKind == JsonValueKind.Null ? null : found.GetProperty("status").GetString();
            }

            await Task.Delay(s_pause, stop);
        }
    }

    /// <summary>Waits until it has ended, within reason.</summary>
    /// <returns>Its status, whatever that is.</returns>
    public async Task<string?> EndOfAsync(Deal deal, CancellationToken reason)
    {
        while (true)
        {
            if (await StatusAsync(deal.Gid) is var status && (status is "succeed" or "failed" || reason.IsCancellationRequested))
                return status;
            await Task.Delay(s_pause, stop);
        }
    }

    private static Move[] PlanOf(Deal deal) =>
    [
        new(deal.From, -AmountMoved, false),
        new(deal.To, AmountMoved, deal.Course is Course.SagaIsRefused or Course.ConcurrentSagaIsRefused or Course.TccIsRefused
            or Course.WorkflowIsRefused or Course.XaIsRefused),
    ];

    private async Task SagaAsync(Deal deal, bool isConcurrent, bool isRefused)
    {
        Move[] moves = isConcurrent
            ? [new(deal.From, -AmountMoved, false), new(deal.To, AmountMoved - 1, false), new(deal.To, 1, isRefused)]
            : PlanOf(deal);
        deal.IsAccepted = await AskAsync("submit", new
        {
            gid = deal.Gid, trans_type = "saga",
            steps = moves.Select(_ => new { action = bank.Url("move"), compensate = bank.Url("move") }),
            payloads = moves.Select(m => JsonSerializer.Serialize(m)),
            custom_data = isConcurrent ? """{"concurrent":true,"orders":{"2":[0,1]}}""" : "",
        });
    }

    private async Task MessageAsync(Deal deal)
    {
        var moves = PlanOf(deal);
        var message = new
        {
            gid = deal.Gid, trans_type = "msg", query_prepared = bank.Url("query"), timeout_to_fail = SecondsUntilAsked,
            steps = new[] { new { action = bank.Url("move") } }, payloads = new[] { JsonSerializer.Serialize(moves[1]) },
        };
        if (!await AskAsync("prepare", message) || deal.Course == Course.MessageClientDiesBeforeItsWork) return;
        if (!await bank.SendAsync(deal.Gid, moves[0]) || deal.Course == Course.MessageClientDiesAfterItsWork) return;
        deal.IsAccepted = await AskAsync("submit", message);
    }

    /// <summary>tcc and xa: register, do the first phase, and say how the second goes.</summary>
    private async Task TwoPhaseAsync(Deal deal, string type, string firstOp)
    {
        var dies = deal.Course is Course.TccClientDies or Course.XaClientDies;
        var body = new
        {
            gid = deal.Gid, trans_type = type, timeout_to_fail = dies ? SecondsUntilAsked : SecondsOfPatience,
        };
        if (!await AskAsync("prepare", body)) return;
        var url = bank.Url(deal.IsXa ? "xa" : "move");
        foreach (var (i, move) in PlanOf(deal).Index())
        {
            var branch = new Dictionary<string, string>
            {
                ["gid"] = deal.Gid, ["trans_type"] = type, ["branch_id"] = $"0{i + 1}", ["url"] = url, ["confirm"] = url,
                ["cancel"] = url, ["data"] = JsonSerializer.Serialize(move),
            };
            if (!await AskAsync("registerBranch", branch)) return; // It was too late, and has been aborted.
            var call = new Uri($"{url}?gid={deal.Gid}&trans_type={type}&branch_id=0{i + 1}&op={firstOp}");
            if (await AskAsync(() => call, move)) continue;
            await AskAsync("abort", body);
            return;
        }

        if (!dies) deal.IsAccepted = await AskAsync("submit", body);
    }

    /// <param name="plan">Null: as the manager has kept it.</param>
    /// <returns>False: it was refused, and has been rolled back.</returns>
    private async Task<bool> WorkflowAsync(string gid, Move[]? plan, bool dies)
    {
        var (kept, done) = await FindWorkflowAsync(gid, plan);
        if (kept is null) return !done.Contains("failed");
        for (var i = 0; i < kept.Length; i++)
        {
            var isDone = done.Contains($"0{i + 1} action") || await StepAsync(i, "action");
            if (dies) return true;
            if (isDone) continue;
            for (var undo = i; undo >= 0; undo--)
                if (!done.Contains($"0{undo + 1} rollback")) await StepAsync(undo, "rollback");
            await ConcludeAsync("failed");
            return false;
        }

        await ConcludeAsync("succeed");
        return true;

        async Task<bool> StepAsync(int i, string op)
        {
            var isDone = await bank.MoveAsync("workflow", gid, $"0{i + 1}", op, kept[i]);
            await AskAsync("registerBranch", new Dictionary<string, string>
            {
                ["gid"] = gid, ["trans_type"] = "workflow", ["branch_id"] = $"0{i + 1}", ["op"] = op,
                ["status"] = isDone ? "succeed" : "failed", ["data"] = "",
            });
            return isDone;
        }

        Task<bool> ConcludeAsync(string status) =>
            AskAsync("submit", new { gid, trans_type = "workflow", req_extra = new { status } });
    }

    /// <summary>Its plan, null when it has ended, and what has succeeded of it; or the status it has ended with.</summary>
    private async Task<(Move[]? Plan, HashSet<string> Done)> FindWorkflowAsync(string gid, Move[]? plan)
    {
        var text = await TextAsync("prepareWorkflow", new
        {
            gid, trans_type = "workflow", query_prepared = bank.Url("workflow"),
            custom_data = JsonSerializer.Serialize(new { name = "transfer", data = JsonSerializer.SerializeToUtf8Bytes(plan) }),
        });
        var answer = JsonElement.Parse(text);
        var transaction = answer.GetProperty("transaction");
        if (transaction.GetProperty("status").GetString() is not "prepared" and var status) return (null, [status!]);
        var kept = JsonElement.Parse(transaction.GetProperty("custom_data").GetString()!).GetProperty("data");
        return (JsonSerializer.Deserialize<Move[]>(kept.GetBytesFromBase64()),
        [
            .. answer.GetProperty("progresses").EnumerateArray().Where(p => p.GetProperty("status").GetString() == "succeed")
                .Select(p => $"{p.GetProperty("branch_id").GetString()} {p.GetProperty("op").GetString()}"),
        ]);
    }

    private Task<bool> AskAsync(string call, object body) => AskAsync(() => new Uri(door(), $"/api/dtmsvr/{call}"), body);

    /// <summary>Asks until there is an answer: yes, or no.</summary>
    private async Task<bool> AskAsync(Func<Uri> where, object body) => (await AnswerAsync(where, body)).IsYes;

    private async Task<string> TextAsync(string call, object body) =>
        (await AnswerAsync(() => new Uri(door(), $"/api/dtmsvr/{call}"), body)).Text;

    private async Task<(bool IsYes, string Text)> AnswerAsync(Func<Uri> where, object body)
    {
        (HttpStatusCode Status, string Text)? answer = null;
        while (!stop.IsCancellationRequested)
        {
            answer = await SendAsync(HttpMethod.Post, where().ToString(), body);
            if (answer is (HttpStatusCode.OK or HttpStatusCode.Conflict, _)) break;
            await Task.Delay(s_pause, CancellationToken.None);
        }

        return answer is (HttpStatusCode.OK or HttpStatusCode.Conflict, var text)
            ? (answer.Value.Status == HttpStatusCode.OK, text)
            : throw new TimeoutException($"{where()} had no answer at last but {answer} to {JsonSerializer.Serialize(body)}");
    }

    /// <summary>Null: there was no answer.</summary>
    private async Task<(HttpStatusCode Status, string Text)?> SendAsync(HttpMethod method, string where, object? body)
    {
        try
        {
            var url = Uri.TryCreate(where, UriKind.Absolute, out var whole) ? whole : new Uri(door(), $"/api/dtmsvr/{where}");
            using var request = new HttpRequestMessage(method, url);
            if (body is not null)
                request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
            using var response = await _http.SendAsync(request, stop);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(stop));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
