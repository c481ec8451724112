namespace Mall.Sagas;

/// <summary>Reads sagas from the database, for operators. Key 0.</summary>
[Alias("mall.ISagaDirectoryGrain")]
public interface ISagaDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Refused with 600001 when there is none.</summary>
    [Alias("Get"), ReadOnly]
    Task<Result<SagaView>> Get(string gid);

    /// <summary>By gid, ascending. The items carry no branches and no barrier rows.</summary>
    /// <param name="status">Null for all.</param>
    /// <param name="parked">Only those that wait for an operator, or none of them; null for all.</param>
    /// <param name="after">The gid of the page before, or null.</param>
    /// <param name="limit">1 to 100.</param>
    [Alias("List"), ReadOnly]
    Task<SagaPage> List(string? status, bool? parked, string? after, int limit);

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
