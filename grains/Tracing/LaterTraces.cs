namespace Mall.Tracing;

/// <summary>
/// What is done long after the request that caused it, in another process perhaps, has a trace of its own, linked with the
/// request's. The row of what there is to do remembers that one while it is recorded, and nothing otherwise.
/// </summary>
public static class LaterTraces
{
    public const string SourceName = "Mall.Later";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>The trace that this is part of, as W3C's header has it, for a row; null when it is not recorded.</summary>
    public static string? Here => s_source.HasListeners() && Activity.Current is { Recorded: true } here ? here.Id : null;

    /// <summary>Begins a trace that is linked with the one that a row remembers; it ends when it is disposed.</summary>
    /// <param name="cause">What the row remembers. Null: what is done stays in the trace that it is in.</param>
    /// <param name="subject">What it is about: a saga's gid, or what an event is about.</param>
    public static Activity? Begin(string name, string? cause, string subject)
    {
        if (!s_source.HasListeners() || !ActivityContext.TryParse(cause, null, isRemote: true, out var first)) return null;
        Activity.Current = null; // Its parent, otherwise.
        return s_source.StartActivity(
            name, ActivityKind.Internal, parentContext: default, [new("mall.subject", subject)], [new ActivityLink(first)]);
    }
}
