namespace Mall.Api.Sagas;

/// <summary>REST: sagas, for operators.</summary>
internal sealed class SagaEndpoints(SagaDesk desk, Clock clock)
{
    public void Map(RestRoutes sagas)
    {
        sagas.Operator("GET", "/{gid}", Get)
            .Says("Look at a saga", "With its branches and barrier rows.")
            .Path("gid", "string", "The saga's global transaction id.")
            .Gives<SagaAnswer>(200, "The saga.")
            .Refuses(ErrorCodes.NoSuchSaga);

        sagas.Operator("GET", "", List)
            .Says("List sagas", "By gid, ascending, without their branches and barrier rows.")
            .Query("status", "string", "Only sagas of this status: prepared, submitted, aborting, succeed or failed.")
            .Pages("gid")
            .Gives<SagaPageAnswer>(200, "A page.");

        sagas.Operator("POST", "/{gid}/retry", Retry)
            .Says("Try a saga again now", "Instead of at its nextAt; also one that was parked.")
            .Path("gid", "string", "The saga's global transaction id.")
            .Gives<SagaAnswer>(200, "The saga, a moment later.")
            .Refuses(ErrorCodes.NoSuchSaga, ErrorCodes.SagaStatusForbids);

        sagas.Operator("POST", "/{gid}/abort", Abort)
            .Says("Compensate a saga", "One that has not ended.")
            .Path("gid", "string", "The saga's global transaction id.")
            .Gives<SagaAnswer>(200, "The saga, a moment later.")
            .Refuses(ErrorCodes.NoSuchSaga, ErrorCodes.SagaStatusForbids);
    }

    private async Task Get(HttpContext http, Caller caller) => http.Answer(
        await desk.Get(Gid(http), clock.Patience(http)), SagaAnswer.Of, ApiJson.Default.SagaAnswer);

    private async Task List(HttpContext http, Caller caller)
    {
        var page = await desk.List(http.QueryText("status"), http.QueryText("after"), http.QueryLimit(), clock.Patience(http));
        http.Answer(SagaPageAnswer.Of(page), ApiJson.Default.SagaPageAnswer);
    }

    private async Task Retry(HttpContext http, Caller caller) => http.Answer(
        await desk.Retry(Gid(http), clock.Patience(http)), SagaAnswer.Of, ApiJson.Default.SagaAnswer);

    private async Task Abort(HttpContext http, Caller caller) => http.Answer(
        await desk.Abort(Gid(http), clock.Patience(http)), SagaAnswer.Of, ApiJson.Default.SagaAnswer);

    private static string Gid(HttpContext http) => http.PathText("gid", SagaDesk.MaxGid);
}
