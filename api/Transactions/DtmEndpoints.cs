using Mall.Transactions;

namespace Mall.Api.Transactions;

/// <summary>HTTP: what <c>dtmcli</c> and DTM's admin pages call.</summary>
internal static class DtmEndpoints
{
    private const int MaxLimit = 1000;

    public static void MapDtm(this IEndpointRouteBuilder routes)
    {
        var dtm = routes.MapGroup("/api/dtmsvr");
        Get(dtm, "/version", (_, _) => Task.FromResult<object>(new Dictionary<string, string> { ["version"] = Version }));
        Get(dtm, "/newGid", (_, _) => Task.FromResult<object>(
            new Dictionary<string, string> { ["gid"] = DtmDesk.NewGid(), ["dtm_result"] = "SUCCESS" }));
        Post(dtm, "/prepare", async (http, desk, wire) => await desk.Prepare(wire, HeaderOf(http), http.RequestAborted));
        Post(dtm, "/submit", async (http, desk, wire) => await desk.Submit(wire, HeaderOf(http), http.RequestAborted));
        Post(dtm, "/abort", async (_, desk, wire) => await desk.Abort(wire));
        Post(dtm, "/forceStop", async (_, desk, wire) => await desk.ForceStop(wire));
        Post(dtm, "/resetNextCronTime", async (_, desk, wire) => await desk.Wake(wire));
        Post(dtm, "/prepareWorkflow", PrepareWorkflowAsync);
        foreach (var (path, type) in ((string, string?)[])
            [("/registerBranch", null), ("/registerTccBranch", TransactionTypes.Tcc), ("/registerXaBranch", TransactionTypes.Xa)])
        {
            Task<object> AskAsync(HttpContext http, DtmDesk desk) => RegisterAsync(http, desk, type);
            dtm.MapPost(path, http => ServeAsync(http, AskAsync));
        }

        Get(dtm, "/query", QueryAsync);
        Get(dtm, "/all", AllAsync);
        Get(dtm, "/resetCronTime", ResetCronTimeAsync);
        Get(dtm, "/subscribe", async (http, desk) =>
            await desk.Subscribe(http.Request.Query["topic"], http.Request.Query["url"], http.Request.Query["remark"],
                http.RequestAborted));
        Get(dtm, "/unsubscribe", async (http, desk) =>
            await desk.Unsubscribe(http.Request.Query["topic"], http.Request.Query["url"]));
        RequestDelegate remove = http => DtmAnswers.RunAsync(
            http, async desk => await desk.RemoveTopic(http.GetRouteValue("name") as string));
        dtm.MapDelete("/topic/{name}", remove);
        Get(dtm, "/queryKV", async (http, desk) => new Dictionary<string, object>
        {
            ["kv"] = (await desk.FindValues(Text(http, "cat") ?? "topics", Text(http, "key"))).Select(DtmAnswers.KeyValue),
        });
        Get(dtm, "/scanKV", async (http, desk) =>
        {
            var page = await desk.ListValues(Text(http, "cat") ?? "topics", Position(http), Limit(http));
            return new Dictionary<string, object>
            {
                ["kv"] = page.Items.Select(DtmAnswers.KeyValue), ["next_position"] = page.Next?.ToString() ?? "",
            };
        });
        routes.Map("/api/ping", http => http.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["msg"] = "pong" }));
        routes.MapPost("/api/json-rpc", DtmJsonRpc.HandleAsync);
    }

    public static async Task<byte[]> BodyAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.ToArray();
    }

    public static Func<string, string?> HeaderOf(HttpContext http) =>
        name => http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    public static async Task<object> RegisterAsync(DtmDesk desk, Dictionary<string, string?> data, string? type,
        CancellationToken stop)
    {
        var (kind, payload) = (data.GetValueOrDefault("trans_type") ?? type,
            Encoding.UTF8.GetBytes(data.GetValueOrDefault("data") ?? ""));
        if (kind != TransactionTypes.Workflow) WireChecks.Payload(payload, "data", isObject: false);
        return await desk.Register(data.GetValueOrDefault("gid"), kind, data.GetValueOrDefault("branch_id"), payload, data, stop);
    }

    private static string Version => typeof(DtmEndpoints).Assembly.GetName().Version?.ToString() ?? "";

    private static void Get(RouteGroupBuilder dtm, string path, Func<HttpContext, DtmDesk, Task<object>> ask)
    {
        dtm.MapGet(path, http => ServeAsync(http, ask));
    }

    private static Task ServeAsync(HttpContext http, Func<HttpContext, DtmDesk, Task<object>> ask) =>
        DtmAnswers.RunAsync(http, desk => ask(http, desk));

    private static void Post(RouteGroupBuilder dtm, string path, Func<HttpContext, DtmDesk, WireTransaction, Task<object>> ask)
    {
        RequestDelegate serve = http => DtmAnswers.RunAsync(http, async desk =>
            await ask(http, desk, DtmJson.Read<WireTransaction>(await BodyAsync(http), "The body")));
        dtm.MapPost(path, serve);
    }

    private static async Task<object> RegisterAsync(HttpContext http, DtmDesk desk, string? type)
    {
        var data = DtmJson.Read<Dictionary<string, string?>>(await BodyAsync(http), "The body");
        return await RegisterAsync(desk, data, type, http.RequestAborted);
    }

    private static async Task<object> PrepareWorkflowAsync(HttpContext http, DtmDesk desk, WireTransaction wire)
    {
        var (found, reply) = await desk.PrepareWorkflow(wire, HeaderOf(http), http.RequestAborted);
        if (found is null) return reply;
        return new Dictionary<string, object>
        {
            ["transaction"] = DtmAnswers.Transaction(found),
            ["progresses"] = found.Branches.Select(branch => DtmAnswers.Branch(found.Gid, branch)),
        };
    }

    private static async Task<object> QueryAsync(HttpContext http, DtmDesk desk)
    {
        var found = await desk.Find(http.Request.Query["gid"]);
        return new Dictionary<string, object?>
        {
            ["transaction"] = found is null ? null : DtmAnswers.Transaction(found),
            ["branches"] = found?.Branches.Select(branch => DtmAnswers.Branch(found.Gid, branch)) ?? [],
        };
    }

    private static async Task<object> AllAsync(HttpContext http, DtmDesk desk)
    {
        if (Text(http, "gid") is { } gid)
        {
            var found = await desk.Find(gid);
            return Page(found is null ? [] : [found], null);
        }

        var page = await desk.List(new ListTransactions(
            Text(http, "transType"), Text(http, "status"), Time(http, "createTimeStart"), Time(http, "createTimeEnd"),
            Position(http), Limit(http)));
        return Page(page.Items, page.Next);

        static Dictionary<string, object> Page(IEnumerable<TransactionView> items, ListPlace? next) => new()
        {
            ["transactions"] = items.Select(DtmAnswers.Transaction), ["next_position"] = next?.ToString() ?? "",
        };
    }

    private static async Task<object> ResetCronTimeAsync(HttpContext http, DtmDesk desk)
    {
        TimeSpan? wait = Number(http, "timeout", 0, 315_360_000) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var woken = await desk.WakeAll(wait, Limit(http));
        return new Dictionary<string, object> { ["has_remaining"] = woken.AreMore, ["succeed_count"] = woken.Count };
    }

    private static string? Text(HttpContext http, string name) =>
        http.Request.Query[name].ToString() is { Length: > 0 } text ? text.Replace('\0', '?') : null;

    private static int Limit(HttpContext http) => (int)Math.Min(Number(http, "limit", 1, long.MaxValue) ?? 100, MaxLimit);

    private static DateTimeOffset? Time(HttpContext http, string name) =>
        Number(http, name, 0, 253_402_300_799_999) is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;

    private static long? Number(HttpContext http, string name, long least, long most)
    {
        if (Text(http, name) is not { } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            && number <= most
            ? number
            : throw new BadTransactionException($"{name} is '{text}', not a number from {least} to {most}.");
    }

    private static ListPlace? Position(HttpContext http) =>
        Text(http, "position") is not { } text ? null
        : ListPlace.Parse(text, isNumbered: false)
            ?? throw new BadTransactionException($"position is '{text}', which no page ended with.");
}
