namespace Mall.Points;

/// <summary>What moves points.</summary>
internal static class PointCauses
{
    public const string Registration = "registration";

    /// <summary>A registration that did not come to stand.</summary>
    public const string RegistrationUndone = "registration-undone";

    public const string Payment = "payment";

    /// <summary>What a refunded payment had given.</summary>
    public const string Refund = "refund";
}

/// <summary>The tables <c>points</c> and <c>point_movements</c>: a balance never moves without its movement.</summary>
internal static class PointRows
{
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_balance = new("balance", ColumnType.Number);
    private static readonly Column s_cause = new("cause", ColumnType.Text);
    private static readonly Column s_causeId = new("cause_id", ColumnType.Number);
    private static readonly Column s_points = new("points", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);

    private static readonly RowShape s_move = new Table("points", s_userId).Update().Add(s_balance);
    private static readonly RowShape s_insert = new Table("point_movements", s_userId, s_cause, s_causeId)
        .Insert(s_userId, s_cause, s_causeId, s_points, s_createTime);

    /// <summary>
    /// The balance and its movement; a conflict when this cause has moved points before. The balance may fall below zero: what a
    /// refund takes back may have been spent, and the money goes back all the same.
    /// </summary>
    /// <param name="cause">One of <see cref="PointCauses"/>.</param>
    /// <param name="causeId">The user or the payment.</param>
    public static RowChange[] Move(long userId, long points, string cause, long causeId, DateTimeOffset now) => points == 0
        ? []
        : [s_move.With(userId, points), s_insert.With(userId, cause, causeId, points, now)];

    /// <summary>One for each full 100 minor units.</summary>
    public static long For(long amount) => amount / 100;
}
