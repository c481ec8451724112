namespace Mall.Api.Sagas;

/// <summary>REST: sagas, for operators.</summary>
internal static class SagaEndpoints
{
    public static void MapSagas(this IEndpointRouteBuilder routes)
    {
        var sagas = routes.MapGroup("/v1/sagas").WithTags("Sagas").RequireAuthorization(Policies.Operator);
        sagas.MapGet("/{gid}", Get).Refuses(ErrorCodes.NoSuchSaga);
        sagas.MapGet("", List);
        sagas.MapPost("/{gid}/retry", Retry).Refuses(ErrorCodes.NoSuchSaga, ErrorCodes.SagaStatusForbids, ErrorCodes.KeyReused);
        sagas.MapPost("/{gid}/abort", Abort).Refuses(ErrorCodes.NoSuchSaga, ErrorCodes.SagaStatusForbids, ErrorCodes.KeyReused);
    }

    /// <summary>Look at a saga</summary>
    /// <remarks>With its branches and barrier rows.</remarks>
    /// <param name="gid">The saga's global transaction id.</param>
    /// <response code="200">The saga.</response>
    internal static async Task<Ok<SagaAnswer>> Get(string gid, SagaDesk desk, Patience patience) =>
        (await desk.Get(gid, patience)).As(SagaAnswer.Of);

    /// <summary>List sagas</summary>
    /// <remarks>
    /// In the order in which they began, with their branches and barrier rows. Who goes on with next, and later with cursor,
    /// misses none.
    /// </remarks>
    /// <param name="status">Only sagas of this status: prepared, submitted, aborting, succeed or failed.</param>
    /// <param name="parked">Only those that wait for an operator, or only those that do not.</param>
    /// <param name="after">The next or the cursor of a page before; absent for the first page.</param>
    /// <param name="limit">How many.</param>
    /// <response code="200">A page.</response>
    internal static async Task<Ok<SagaPageAnswer>> List(
        SagaDesk desk, Patience patience, string? status, bool? parked, string? after,
        [Range(1, Paging.MaxLimit)] int limit = Paging.DefaultLimit) =>
        new(SagaPageAnswer.Of(await desk.ListWhole(status, parked, after, limit, patience)));

    /// <summary>Try a saga again now</summary>
    /// <remarks>Instead of at its nextAt; also one that was parked.</remarks>
    /// <param name="gid">The saga's global transaction id.</param>
    /// <response code="200">The saga, a moment later.</response>
    internal static async Task<Ok<SagaAnswer>> Retry(
        Caller caller, string gid, [IdempotencyKey] string? key, SagaDesk desk, Patience patience) =>
        (await desk.Retry(caller, gid, key, patience)).As(SagaAnswer.Of);

    /// <summary>Compensate a saga</summary>
    /// <remarks>One that has not ended.</remarks>
    /// <param name="gid">The saga's global transaction id.</param>
    /// <response code="200">The saga, a moment later.</response>
    internal static async Task<Ok<SagaAnswer>> Abort(
        Caller caller, string gid, [IdempotencyKey] string? key, SagaDesk desk, Patience patience) =>
        (await desk.Abort(caller, gid, key, patience)).As(SagaAnswer.Of);
}
