namespace Mall.Sagas;

/// <summary>Reads sagas from the database, for operators. Key 0.</summary>
[Alias("mall.ISagaDirectoryGrain")]
public interface ISagaDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Refused with 600001 when there is none.</summary>
    [Alias("Get"), ReadOnly]
    Task<Result<SagaView>> Get(string gid);

    /// <summary>
    /// In the order of their commits; who follows misses none. The items carry no branches and no barrier rows.
    /// </summary>
    /// <param name="status">Null for all.</param>
    /// <param name="isParked">Whether only those that wait for an operator, or only those that do not; null for all.</param>
    /// <param name="after">Null: from the beginning.</param>
    /// <param name="limit">1 to 100.</param>
    [Alias("List"), ReadOnly]
    Task<ListPage<SagaView>> List(string? status, bool? isParked, ListPlace? after, int limit);

    /// <summary>
    /// Forwards to the saga's own grain, whichever kind it is. Refused with 600001 or 600002, or 100007 when the key was used for
    /// something else; again under its key it gives its first answer.
    /// </summary>
    /// <returns>The saga, a moment later.</returns>
    [Alias("Retry")]
    Task<Result<SagaView>> Retry(string gid, Idempotency? idempotency);

    /// <inheritdoc cref="Retry"/>
    [Alias("Abort")]
    Task<Result<SagaView>> Abort(string gid, Idempotency? idempotency);
}
