namespace Mall.Api.Rest;

/// <summary>Problem details (RFC 9457) with the mall's code.</summary>
/// <param name="Type">Names the code as a URI.</param>
/// <param name="Title">The same words for every occurrence of the code.</param>
/// <param name="Status">The HTTP status again, for clients that see only the body.</param>
/// <param name="Detail">What happened this time, fit for the customer.</param>
/// <param name="Code">Six digits, the first three the area.</param>
/// <param name="TraceId">What to tell the operator: the log has the rest under it.</param>
/// <param name="Errors">What is wrong, by field; only with code 100002.</param>
internal sealed record ProblemAnswer(
    string Type, string Title, int Status, string Detail, int Code, string TraceId,
    IReadOnlyDictionary<string, string[]>? Errors);

/// <summary>
/// Writes problems to HTTP. Where gRPC was asked, they are written as gRPC wants them. The framework's own writer of problem
/// details keeps silent to clients that do not say they accept JSON.
/// </summary>
internal static class ProblemWriter
{
    public const string ContentType = "application/problem+json";

    public static void Write(HttpContext http, Problem problem) => Write(http, problem, TraceIds.Of(http));

    public static void Write(HttpContext http, Problem problem, string traceId)
    {
        if (http.AsksForGrpc())
            RpcProblems.Write(http, problem, traceId);
        else
            WriteJson(http, problem, traceId);
    }

    /// <summary>Whichever door it came through: gRPC has no words for what is no gRPC call at all.</summary>
    public static void WriteJson(HttpContext http, Problem problem, string traceId)
    {
        var headers = http.Response.Headers;
        if (problem.RetryAfterSeconds is { } seconds)
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (problem.HttpStatus == StatusCodes.Status401Unauthorized)
            headers.WWWAuthenticate = "Bearer";
        headers.CacheControl = "no-store";
        if (http.GetEndpoint()?.Metadata.GetMetadata<AliasEndpoint>() is { Dialect: AliasDialect.Looklook })
        {
            AliasRoutes.WriteError(http, problem);
            return;
        }

        Answer.Write(http, Shape(problem, traceId), ApiJson.Default.ProblemAnswer, problem.HttpStatus, ContentType);
    }

    private static ProblemAnswer Shape(Problem problem, string traceId) => new(
        $"urn:mall:problem:{problem.Kind.Code}", problem.Kind.Title, problem.HttpStatus, problem.Detail, problem.Kind.Code,
        traceId, problem.Errors.IsEmpty ? null : problem.Errors.GroupBy(error => error.Field, error => error.Message)
            .ToDictionary(field => field.Key, field => field.ToArray()));
}
