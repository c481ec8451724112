namespace Mall.Ledger;

/// <summary>Changes of the table <c>due</c>, to be put into the write set whose effect they belong to.</summary>
public static class DueWork
{
    private static readonly Column s_kind = new("kind", ColumnType.Text);
    private static readonly Column s_key = new("key", ColumnType.Text);
    private static readonly Column s_dueTime = new("due_time", ColumnType.Number);
    private static readonly Column s_claimedBy = new("claimed_by", ColumnType.Text);
    private static readonly Column s_claimedUntil = new("claimed_until", ColumnType.Number);
    private static readonly Table s_due = new("due", s_kind, s_key);

    private static readonly RowShape s_schedule = s_due.Insert(s_kind, s_key, s_dueTime, new("payload", ColumnType.Text));
    private static readonly RowShape s_reschedule =
        s_due.Update().Set(s_dueTime, new("attempts", ColumnType.Number), s_claimedBy, s_claimedUntil);
    private static readonly RowShape s_release =
        s_due.Update().Guard(s_claimedBy, s_claimedUntil).Set(s_dueTime, s_claimedBy, s_claimedUntil);
    private static readonly RowShape s_complete = s_due.Delete().Guard(s_claimedBy, s_claimedUntil);

    /// <summary>Adds work. It is a conflict when this kind has work under this key already.</summary>
    public static RowChange Schedule(string kind, string key, DateTimeOffset time, string? payload = null) =>
        s_schedule.With(kind, key, time, payload);

    /// <summary>Moves work, also while it is being handled, and forgets its attempts. No such work is a conflict.</summary>
    public static RowChange Reschedule(string kind, string key, DateTimeOffset time) =>
        s_reschedule.With(kind, key, time, 0, Value.Null, Value.Null);

    /// <summary>After a failed attempt: another one at that time, unless the claim has passed to somebody else, or the owner of a
    /// due column has written a time of its own meanwhile.</summary>
    internal static RowChange Release(DueItem item, DueClaim claim, DateTimeOffset time) => claim.Column is { } column
        ? column.Move.With(column.KeyOf(item), claim.Until, time)
        : s_release.With(item.Kind, item.Key, claim.Claimant, claim.Until, time, Value.Null, Value.Null);

    /// <summary>After a successful attempt, unless somebody else has the claim or the handler has rescheduled it.</summary>
    internal static RowChange Complete(DueItem item, DueClaim claim) =>
        s_complete.With(item.Kind, item.Key, claim.Claimant, claim.Until);
}
