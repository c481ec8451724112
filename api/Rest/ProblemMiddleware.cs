using Mall.Api.Grpc;

namespace Mall.Api.Rest;

/// <summary>
/// The outermost edge of a request: whatever comes out of the inside leaves as problem details. gRPC calls have an edge of their
/// own (<see cref="RpcDispatcher"/>); only those that name no method end here.
/// </summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception exception) when (exception.MeansClientHasGone(http))
        {
            return; // The client has gone; there is nobody to answer.
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            // The edge of the request: everything is answered, and what nobody foresaw is logged.
            var traceId = TraceIds.Of(http);
            ProblemWriter.Write(http, exception.ToProblem(log, traceId), traceId);
            return;
        }

        if (http.Response is { StatusCode: >= 400, HasStarted: false, ContentLength: null } && http.Response.ContentType is null)
            DescribeBareStatus(http);
    }

    /// <summary>Routing answers with a status alone when no endpoint fits.</summary>
    private static void DescribeBareStatus(HttpContext http)
    {
        if (http.Response.StatusCode == StatusCodes.Status404NotFound && GrpcProtocol.IsGrpc(http.Request.ContentType))
        {
            var noMethod = Problem.BadCall(GrpcStatus.Unimplemented, "There is no such method.");
            GrpcProtocol.WriteProblem(http, noMethod, TraceIds.Of(http));
            return;
        }

        var detail = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => "There is nothing at this path.",
            StatusCodes.Status405MethodNotAllowed => "This path does not take this method; Allow names those it takes.",
            StatusCodes.Status415UnsupportedMediaType => "The body must be application/json in UTF-8.",
            _ => "The request cannot be served.",
        };
        ProblemWriter.Write(http, Problem.BadRequest(http.Response.StatusCode, detail));
    }
}
