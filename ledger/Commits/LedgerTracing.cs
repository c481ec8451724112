namespace Mall.Ledger;

/// <summary>A group commit is one span, whoever is in it: a child of the first of its callers that is traced, linked to the
/// others, and linked from them. Nothing of it is made unless somebody listens.</summary>
public static class LedgerTracing
{
    public const string SourceName = "Mall.Ledger";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <returns>Null when nobody in the batch is traced. Whoever gets it ends it.</returns>
    internal static Activity? Start(Batch batch)
    {
        if (!s_source.HasListeners()) return null;
        var callers = batch.Pending.Select(pending => pending.Caller).OfType<Activity>().ToList();
        if (callers is not [var first, .. var others]) return null;
        var commit = s_source.StartActivity(
            "commit", ActivityKind.Client, first.Context, links: others.Select(caller => new ActivityLink(caller.Context)));
        commit?.SetTag("db.operation.batch.size", batch.Count);
        if (commit is not null) others.ForEach(caller => caller.AddLink(new ActivityLink(commit.Context)));
        return commit;
    }

    internal static void End(Activity? commit, StoreException? failure)
    {
        if (failure is not null) commit?.SetTag("error.type", failure.Failure.ToString()).SetStatus(ActivityStatusCode.Error);
        commit?.Dispose();
    }
}
