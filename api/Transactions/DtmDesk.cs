using Mall.Transactions;

namespace Mall.Api.Transactions;

/// <summary>What DTM's clients ask for, over HTTP, JSON-RPC and gRPC alike.</summary>
internal sealed partial class DtmDesk(IGrainFactory grains, DtmOptions options, ILogger<DtmDesk> log)
{
    private const string TopicPrefix = "topic://";

    public static string NewGid() => Guid.CreateVersion7().ToString("N");

    private ITransactionDirectoryGrain Directory => grains.GetGrain<ITransactionDirectoryGrain>(0);

    public async Task<TransactionReply> Prepare(WireTransaction wire, Func<string, string?> headerOf, CancellationToken stop)
    {
        var (gid, intent) = (WireChecks.NewGid(wire.Gid), WireChecks.Intent(wire, headerOf));
        if (intent.Type == TransactionTypes.Saga) throw new BadTransactionException("A saga is submitted and never prepared.");
        if (intent is { Type: TransactionTypes.Message, QueryPrepared: "" })
        {
            throw new BadTransactionException(
                "A msg is prepared with query_prepared: with nobody to ask, it would stay prepared for ever. Submit it.");
        }

        return await RefusalAsync(gid, intent, stop) ?? await Transaction(gid).Prepare(intent);
    }

    public async Task<TransactionReply> Submit(WireTransaction wire, Func<string, string?> headerOf, CancellationToken stop)
    {
        var gid = WireChecks.NewGid(wire.Gid);
        if (wire.TransType == TransactionTypes.Workflow) return await ConcludeAsync(gid, wire.ReqExtra ?? []);
        var intent = WireChecks.Intent(wire, headerOf);
        return await RefusalAsync(gid, intent, stop) ?? await Transaction(gid).Submit(intent, wire.WaitResult ?? false);
    }

    public Task<TransactionReply> Abort(WireTransaction wire) => Transaction(WireChecks.Gid(wire.Gid)).Withdraw(
        WireChecks.Printable(wire.RollbackReason), string.IsNullOrEmpty(wire.TransType) ? null : WireChecks.Type(wire.TransType));

    public Task<TransactionReply> ForceStop(WireTransaction wire) => Transaction(WireChecks.Gid(wire.Gid)).ForceStop();

    public async Task<TransactionReply> Wake(WireTransaction wire)
    {
        var gid = WireChecks.Gid(wire.Gid);
        var woken = await Transaction(gid).Retry();
        return !woken.IsRefused || await Directory.Find(gid) is not null // One that has ended has nothing to be woken for.
            ? TransactionReply.Success
            : TransactionReply.Failure(woken.Refusal.Detail);
    }

    public async Task<TransactionReply> Register(
        string? gid, string? type, string? branchId, byte[] payload, IReadOnlyDictionary<string, string?> data,
            CancellationToken stop)
    {
        var (checkedGid, id) = (WireChecks.Gid(gid), WireChecks.Branch(branchId, type));
        string Target(string name) => data.GetValueOrDefault(name) ?? "";
        TransactionBranch Of(string op, string target) => new(id, op, target, payload, "prepared");
        ImmutableArray<TransactionBranch> branches = WireChecks.Type(type) switch
        {
            TransactionTypes.Tcc => [Of("cancel", Target("cancel")), Of("confirm", Target("confirm"))],
            TransactionTypes.Xa => [Of("rollback", Target("url")), Of("commit", Target("url"))],
            TransactionTypes.Workflow => [Of(WireChecks.OpOf(data.GetValueOrDefault("op")), "") with { Status = StatusOf(data) }],
            _ => throw new BadTransactionException($"A transaction of trans_type {type} registers no branches."),
        };
        var targets = branches.Select(b => b.Target).Where(t => t.Length > 0);
        return await options.Targets.ComplaintAsync(targets, stop) is { } complaint
            ? TransactionReply.Failure(complaint)
            : await Transaction(checkedGid).Register(type!, branches);
    }

    /// <summary>Null when there is none.</summary>
    public Task<TransactionView?> Find(string? gid) => Directory.Find(WireChecks.Gid(gid));

    public Task<ListPage<TransactionView>> List(ListTransactions query) => Directory.List(query);

    public Task<Woken> WakeAll(TimeSpan? wait, int limit) => Directory.Wake(wait ?? 3 * options.TimeoutToFail, limit);

    /// <summary>The workflow, made if need be, or why not.</summary>
    public async Task<(TransactionView? Found, TransactionReply Reply)> PrepareWorkflow(
        WireTransaction wire, Func<string, string?> headerOf, CancellationToken stop)
    {
        wire.TransType ??= TransactionTypes.Workflow;
        var reply = await Prepare(wire, headerOf, stop);
        var found = await Find(wire.Gid);
        return found?.Intent.Type == TransactionTypes.Workflow ? (found, TransactionReply.Success) : (null, reply);
    }

    public async Task<TransactionReply> Subscribe(string? topic, string? url, string? remark, CancellationToken stop)
    {
        var name = WireChecks.TopicName(topic);
        if (string.IsNullOrEmpty(url)) throw new BadTransactionException("No url is given.");
        return await options.Targets.ComplaintAsync([url], stop) is { } complaint
            ? TransactionReply.Failure(complaint)
            : await grains.GetGrain<ITopicGrain>(name).Subscribe(new Subscriber(url, WireChecks.Printable(remark) ?? ""));
    }

    public Task<TransactionReply> Unsubscribe(string? topic, string? url) =>
        string.IsNullOrEmpty(url)
            ? throw new BadTransactionException("No url is given.")
            : grains.GetGrain<ITopicGrain>(WireChecks.TopicName(topic)).Unsubscribe(url);

    public Task<TransactionReply> RemoveTopic(string? topic) =>
        grains.GetGrain<ITopicGrain>(WireChecks.TopicName(topic)).Remove();

    public Task<ImmutableArray<KeyValueView>> FindValues(string category, string? name) =>
        grains.GetGrain<ITopicDirectoryGrain>(0).Find(category, name);

    public Task<ListPage<KeyValueView>> ListValues(string category, ListPlace? after, int limit) =>
        grains.GetGrain<ITopicDirectoryGrain>(0).List(category, after, limit);

    /// <summary>What to say of a request whose outcome nobody knows; what was wrong inside is in the log.</summary>
    public string Unknown(Exception e)
    {
        LogUnknown(e);
        return e is TooBusyException ? "Too much waits already; nothing has happened. Try again."
            : "The outcome is unknown: ask again under the same gid.";
    }

    private IGlobalTransactionGrain Transaction(string gid) => grains.GetGrain<IGlobalTransactionGrain>(gid);

    private Task<TransactionReply> ConcludeAsync(string gid, Dictionary<string, string?> extra) =>
        Transaction(gid).Conclude(
            StatusOf(extra), WireChecks.Printable(extra.GetValueOrDefault("rollback_reason")),
            WireChecks.Printable(extra.GetValueOrDefault("result")));

    private static string StatusOf(IReadOnlyDictionary<string, string?> data) =>
        data.GetValueOrDefault("status") is "succeed" or "failed"
            ? data["status"]!
            : throw new BadTransactionException($"status is '{data.GetValueOrDefault("status")}', neither succeed nor failed.");

    /// <summary>
    /// Looks at every target: all of them may be called, or nothing is begun. What has begun goes on: its targets were looked at
    /// then, and a name that cannot be looked up at this moment refuses nobody what is his already.
    /// </summary>
    private async Task<TransactionReply?> RefusalAsync(string gid, TransactionIntent intent, CancellationToken stop)
    {
        var targets = intent.Steps.Select(step => step.Action).Concat(intent.Steps.Select(step => step.Compensate))
            .Append(intent.QueryPrepared).Where(target => target.Length > 0).ToLookup(
                target => intent.Type == TransactionTypes.Message && target.StartsWith(TopicPrefix, StringComparison.Ordinal));
        foreach (var topic in targets[true]) WireChecks.TopicName(topic[TopicPrefix.Length..]);
        return await options.Targets.ComplaintAsync(targets[false], stop) is { } complaint && await Find(gid) is null
            ? TransactionReply.Failure(complaint)
            : null;
    }

    [LoggerMessage(1601, LogLevel.Warning, "A transaction's client could not be told what became of its request")]
    private partial void LogUnknown(Exception exception);
}
