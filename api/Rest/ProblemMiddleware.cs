namespace Mall.Api.Rest;

/// <summary>
/// The outermost edge of a request, through either door: whatever comes out of the inside leaves as the mall's problem details.
/// The framework's exception handler would forget the endpoint, which tells REST and gRPC apart, before it asks what to answer.
/// </summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // HEAD is answered as GET; Kestrel remembers what was asked and sends no body.
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Features.Set(new HeadRequest());
            http.Request.Method = HttpMethods.Get;
        }

        try
        {
            await next(http);
        }
        catch (Exception exception) when (exception.MeansClientHasGone(http))
        {
            http.Abort(); // There is nobody to answer. Kestrel would read on, and warn of every body that has been cut off.
            return;
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            // The edge of the request: everything is answered, and what nobody foresaw is logged.
            var traceId = TraceIds.Of(http);
            ProblemWriter.Write(http, exception.ToProblem(log, traceId), traceId);
            return;
        }

        if (http.Response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null })
            DescribeBareStatus(http);
    }

    /// <summary>Routing knows of no HEAD and no OPTIONS.</summary>
    public static void CompleteAllow(IHeaderDictionary headers)
    {
        HashSet<string> methods = [.. headers.Allow.ToString().Split(", "), HttpMethods.Options];
        if (methods.Contains(HttpMethods.Get))
            methods.Add(HttpMethods.Head);
        headers.Allow = string.Join(", ", methods.Order(StringComparer.Ordinal));
    }

    /// <summary>Routing answers with a status alone when no endpoint fits.</summary>
    private static void DescribeBareStatus(HttpContext http)
    {
        if (http.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, Headers: { Allow.Count: > 0 } headers })
        {
            CompleteAllow(headers);
            if (HttpMethods.IsOptions(http.Request.Method))
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }
        }

        var problem = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => Problem.BadRequest(StatusCodes.Status404NotFound, "There is nothing at this path.")
                with { GrpcStatus = StatusCode.Unimplemented },
            StatusCodes.Status405MethodNotAllowed => Problem.BadRequest(
                StatusCodes.Status405MethodNotAllowed, "This path does not take this method; Allow names those it takes."),
            var status => Problem.BadRequest(status, "The request cannot be served."),
        };
        ProblemWriter.Write(http, problem);
    }
}
