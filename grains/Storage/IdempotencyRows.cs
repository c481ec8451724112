using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Mall.Storage;

/// <summary>
/// The table <c>idempotency</c>: which key of which user was used for what. Its row is committed with what was made, so either
/// both are there or neither. Orders need no row here: their gid is computed from the key. That a key is not used for one of them
/// and for something else, too, the barrier sees to: both enter it as the first branch of that gid.
/// </summary>
internal static class IdempotencyRows
{
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_key = new("key", ColumnType.Text);
    private static readonly Column s_requestHash = new("request_hash", ColumnType.Text);
    private static readonly Column s_kind = new("kind", ColumnType.Text);
    private static readonly Column s_resultId = new("result_id", ColumnType.Number);
    private static readonly Column s_answer = new("answer", ColumnType.Text);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);

    private static readonly RowShape s_insert = new Table("idempotency", s_userId, s_key)
        .Insert(s_userId, s_key, s_requestHash, s_kind, s_resultId, s_answer, s_createTime);

    /// <summary>By user and key. The column is not named bare: <c>key</c> is a reserved word in MySQL.</summary>
    public static readonly Query<IdempotencyRecord> ByKey = new(
        "select i.request_hash, i.result_id, i.answer from idempotency i where i.user_id = @p1 and i.key = @p2",
        row => new IdempotencyRecord(row.GetString(0), row.GetInt64(1), row.TextOrNull(2) ?? ""));

    public static Refusal Reused { get; } =
        Result.Refused(ErrorCodes.KeyReused, "This idempotency key was used for a different request.");

    /// <param name="answer">What is answered, where the request and what it made do not tell that for ever.</param>
    public static RowChange Insert(Idempotency key, string kind, long resultId, DateTimeOffset now, string? answer = null) =>
        s_insert.With(key.UserId, key.Key, key.RequestHash, kind, resultId, answer, now);

    /// <summary>Changes under a key, or without one. Another outcome than Applied: the key has been used meanwhile.</summary>
    /// <inheritdoc cref="Insert"/>
    public static WriteSet Under(
        Idempotency? key, string kind, long resultId, DateTimeOffset now, string? answer = null, params RowChange[] changes) =>
        key is null
            ? new WriteSet(changes)
            : new WriteSet(
                new BarrierKey(OrderOf(key), OrderSagaKind.Creation, BarrierOps.Action, TransType: "key"),
                [.. changes, Insert(key, kind, resultId, now, answer)]);

    /// <summary>What was made under this key by the same request; null when nothing was, refused for another request.</summary>
    public static async Task<Result<IdempotencyRecord>?> FindUnderAsync(this GrainLedger ledger, Idempotency? key)
    {
        if (key is null) return null;
        if (await ledger.FindAsync(ByKey, key.UserId, key.Key) is { } used)
            return used.RequestHash == key.RequestHash ? used : Reused;
        if (await ledger.FindAsync(OrderRows.ByGid, OrderOf(key)) is null) return null;
        return Reused;
    }

    /// <summary>What was answered under this key before; null when nothing was.</summary>
    /// <param name="read">The answer, of what is known of it.</param>
    public static async Task<Result<T>?> AnswerUnderAsync<T>(
        this GrainLedger ledger, Idempotency? key, Func<IdempotencyRecord, T> read) =>
        await ledger.FindUnderAsync(key) is not { } found ? null : found.IsRefused ? found.Refusal : read(found.Value);

    /// <summary>
    /// Does, under a key or without one, what is harmless to repeat: so the key is noted behind it, with what is answered. Of
    /// several at once under one key all get the answer of the first that is noted, also those who were refused by then what it
    /// had done.
    /// </summary>
    /// <param name="act">Its answer is kept unless it refuses or finds nothing (null).</param>
    public static async Task<Result<T>?> AnswerOnceAsync<T>(
        this GrainLedger ledger, Idempotency? key, string kind, long resultId, TimeProvider clock, JsonTypeInfo<T> json,
        Func<Task<Result<T>?>> act)
    {
        if (await BeforeAsync() is { } before) return before;
        var answer = await act();
        if (key is null) return answer;
        if (answer is { IsRefused: false })
        {
            var noted = await ledger.CommitAsync(
                Under(key, kind, resultId, clock.GetUtcNow(), JsonSerializer.Serialize(answer.Value, json)));
            if (noted == CommitOutcome.Applied) return answer;
        }

        return await BeforeAsync() ?? answer;

        Task<Result<T>?> BeforeAsync() =>
            ledger.AnswerUnderAsync(key, used => JsonSerializer.Deserialize(used.Answer, json)!);
    }

    private static string OrderOf(Idempotency key) => Gids.FromKey(OrderSagaKind.KindName, key.UserId, key.Key);
}

/// <summary>What a key was used for.</summary>
internal sealed record IdempotencyRecord(string RequestHash, long ResultId, string Answer);
