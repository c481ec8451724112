namespace Mall.Storage;

/// <summary>
/// The table <c>idempotency</c>: which key of which user made what. Its row is committed with what was made, so either both
/// are there or neither. (Sagas need no row here: their gid is computed from the key.)
/// </summary>
internal static class IdempotencyRows
{
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_key = new("key", ColumnType.Text);
    private static readonly Column s_requestHash = new("request_hash", ColumnType.Text);
    private static readonly Column s_kind = new("kind", ColumnType.Text);
    private static readonly Column s_resultId = new("result_id", ColumnType.Number);
    private static readonly Column s_answer = new("answer", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);

    private static readonly RowShape s_insert = new Table("idempotency", s_userId, s_key)
        .Insert(s_userId, s_key, s_requestHash, s_kind, s_resultId, s_answer, s_createTime);

    /// <summary>By user and key. The column is not named bare: <c>key</c> is a reserved word in MySQL.</summary>
    public static readonly Query<IdempotencyRecord> ByKey = new(
        "select i.request_hash, i.kind, i.result_id, i.answer from idempotency i where i.user_id = @p1 and i.key = @p2",
        row => new IdempotencyRecord(
            row.GetString(0), row.GetString(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetInt64(3)));

    /// <summary>No change without a key.</summary>
    /// <param name="answer">What is answered, where what was made does not tell that for ever.</param>
    public static RowChange[] Insert(
        Idempotency? idempotency, string kind, long resultId, DateTimeOffset now, long? answer = null) =>
        idempotency is { } i ? [s_insert.With(i.UserId, i.Key, i.RequestHash, kind, resultId, answer, now)] : [];
}

/// <summary>What a key was used for.</summary>
internal sealed record IdempotencyRecord(string RequestHash, string Kind, long ResultId, long? Answer)
{
    /// <summary>Null when this key was used for the same request, else the refusal.</summary>
    /// <param name="resultId">What the repeated request names, when it names something.</param>
    public Refusal? Answers(Idempotency idempotency, string kind, long? resultId = null) =>
        RequestHash == idempotency.RequestHash && Kind == kind && (resultId ?? ResultId) == ResultId
            ? null
            : Result.Refused(ErrorCodes.KeyReused, "This idempotency key was used for a different request.");
}
