namespace Mall.Users;

/// <summary>The tables <c>sessions</c> and <c>ended_sessions</c>: shapes of their changes, and queries.</summary>
internal static class SessionRows
{
    /// <summary>The end time of a session that lasts.</summary>
    private const long Lasts = 0;

    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_role = new("role", ColumnType.Text);
    private static readonly Column s_tokenHash = new("token_hash", ColumnType.Text);
    private static readonly Column s_previousHash = new("previous_hash", ColumnType.Text);
    private static readonly Column s_issueTime = new("issue_time", ColumnType.Number);
    private static readonly Column s_accessEnd = new("access_end", ColumnType.Number);
    private static readonly Column s_rotateTime = new("rotate_time", ColumnType.Number);
    private static readonly Column s_expireTime = new("expire_time", ColumnType.Number);
    private static readonly Column s_endTime = new("end_time", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);

    private static readonly Table s_sessions = new("sessions", s_id);
    private static readonly Table s_ended = new("ended_sessions", s_id);

    private static readonly RowShape s_insert = s_sessions.Insert(
        s_id, s_userId, s_role, s_tokenHash, s_issueTime, s_accessEnd, s_rotateTime, s_expireTime, s_createTime);

    // The hash is the fence: of two that show the same token one moves it on.
    private static readonly RowShape s_rotate = s_sessions.Update().Guard(s_tokenHash, s_endTime).Set(
        s_role, s_tokenHash, s_previousHash, s_issueTime, s_accessEnd, s_rotateTime, s_expireTime);

    // Guarded by the hash as well: a rotation that came between would have an access token that outlives what is told of the end.
    private static readonly RowShape s_end = s_sessions.Update().Guard(s_tokenHash, s_endTime).Set(s_endTime);

    private static readonly RowShape s_tell = s_ended.Insert(s_id, s_accessEnd).Listed();

    private const string Select =
        "select id, user_id, role, token_hash, previous_hash, issue_time, access_end, rotate_time, expire_time, end_time ";

    public static readonly Query<SessionRow> ById = new(Select + "from sessions where id = @p1", Read);

    public static readonly Query<SessionRow> OfUser = new(Select + "from sessions where user_id = @p1 and end_time = 0", Read);

    /// <summary>A user's role now.</summary>
    public static readonly Query<string> RoleOf = new(
        """
        select case when u.role = 'user' and exists (select 1 from shops s where s.owner_id = u.id) then 'seller' else u.role end
        from users u where u.id = @p1
        """,
        row => row.GetString(0));

    /// <summary>Those behind position @p1 and id @p2, whether settled or not.</summary>
    public static readonly Query<(EndedSession Session, ListPlace Place)> Ended = new(
        """
        select id, access_end, position from ended_sessions where position >= @p1 and (position > @p1 or id > @p2)
        order by position, id limit @p3
        """,
        row => (new EndedSession(row.GetInt64(0), row.Time(1)), new ListPlace(row.GetInt64(2), row.GetInt64(0))));

    private static readonly TimeSpan s_clocksDiffer = TimeSpan.FromMinutes(5);

    /// <summary>What has expired is of no use to anybody.</summary>
    public static readonly OldRows Expired = Old(s_sessions, "expire_time");

    /// <summary>The end of a session is told until its last access token has expired.</summary>
    public static readonly OldRows Told = Old(s_ended, "access_end");

    public static RowChange Insert(NewSession session, DateTimeOffset now) => s_insert.With(
        session.Id, session.UserId, session.Role, session.TokenHash, session.Access.IssuedAt, session.Access.ExpiresAt, now,
        now + session.Lifetime, now);

    public static RowChange Rotate(TokenRotation rotation, string role, DateTimeOffset now) => s_rotate.With(
        rotation.SessionId, rotation.OldHash, Lasts, role, rotation.NewHash, rotation.OldHash, rotation.Access.IssuedAt,
        rotation.Access.ExpiresAt, now, now + rotation.Lifetime);

    /// <summary>Ends a session and tells all front doors.</summary>
    public static RowChange[] End(SessionRow session, DateTimeOffset now) =>
    [
        s_end.With(session.View.Id, session.TokenHash, Lasts, now),
        s_tell.With(session.View.Id, session.View.Access.ExpiresAt),
    ];

    private static OldRows Old(Table table, string time)
    {
        var delete = table.Delete();
        return new OldRows(
            table.Name,
            new Query<RowChange>(
                $"select id from {table} where {time} < @p1 order by {time} limit {OldRows.AtOnce}",
                row => delete.With(row.GetInt64(0))),
            s_clocksDiffer);
    }

    private static SessionRow Read(DbDataReader row) => new(
        new SessionView(row.GetInt64(0), row.GetInt64(1), row.GetString(2), new AccessTimes(row.Time(5), row.Time(6))),
        row.GetString(3), row.GetString(4), row.Time(7), row.Time(8), row.GetInt64(9) != Lasts);
}

/// <summary>A row of <c>sessions</c>.</summary>
/// <param name="TokenHash">Of the last refresh token.</param>
/// <param name="PreviousHash">Of the one before; empty for the first.</param>
internal sealed record SessionRow(
    SessionView View, string TokenHash, string PreviousHash, DateTimeOffset RotatedAt, DateTimeOffset ExpiresAt, bool HasEnded);
