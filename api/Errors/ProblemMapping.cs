namespace Mall.Api.Errors;

/// <summary>Turns what went wrong into what the client is told; REST and gRPC share it.</summary>
internal static partial class ProblemMapping
{
    /// <summary>
    /// The problem to answer. An exception that nobody foresaw becomes 100001 and is logged under the trace id that the client
    /// gets; nothing of it is in the answer.
    /// </summary>
    public static Problem ToProblem(this Exception exception, ILogger log, string traceId)
    {
        var problem = Foreseen(exception);
        if (problem is null)
        {
            LogUnforeseen(log, exception, traceId);
            return Problem.Of(ErrorCodes.Internal, "Something went wrong on our side. Try again later.");
        }

        if (problem.Kind.Code == ErrorCodes.StorageUnavailable)
            LogUnavailable(log, exception.Message, traceId);
        else if (problem.Kind.Code == ErrorCodes.TimedOut)
            LogTimedOut(log, exception.Message, traceId);
        return problem;
    }

    /// <summary>
    /// Nobody waits for an answer any more. A connection that breaks shows as an exception of its own, sometimes before the
    /// request counts as aborted.
    /// </summary>
    public static bool MeansClientHasGone(this Exception exception, HttpContext http) =>
        exception is IOException and not BadHttpRequestException
        || (exception is OperationCanceledException && http.RequestAborted.IsCancellationRequested);

    /// <summary>
    /// Whether the outcome of a grain's call is unknown, and the same call reaches somebody else: its silo has died, stops or has
    /// lost the grain to another. Orleans says so in many words, "cancelled" among them where nobody has cancelled anything, and
    /// <see cref="LimitExceededException"/> alone means that nothing has happened.
    /// </summary>
    public static bool LostItsGrain(this Exception exception) => exception
        is StaleActivationException or OperationCanceledException or (OrleansException and not LimitExceededException);

    private static Problem? Foreseen(Exception exception) => exception switch
    {
        ProblemException refused => refused.Problem,
        TooBusyException or LimitExceededException => TooManyRequests, // The latter is an OrleansException, too.
        StorageUnavailableException => Unavailable,
        _ when exception.LostItsGrain() => Unavailable,
        TimeoutException => Problem.Of(
            ErrorCodes.TimedOut,
            "This took too long and its outcome is not known yet. Repeat the request with the same idempotency key."),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => TooLarge,
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => TooSlow,
        BadHttpRequestException bad => Problem.BadRequest(bad.StatusCode, "The request is not well-formed HTTP."),
        _ => null,
    };

    private static Problem Unavailable { get; } = Problem.Of(
        ErrorCodes.StorageUnavailable,
        "The mall cannot store anything right now. Repeat the request with the same idempotency key.");

    /// <summary>The answer to a request that finds every place taken.</summary>
    public static Problem TooManyRequests { get; } =
        Problem.Of(ErrorCodes.TooManyRequests, "The mall is crowded right now. Nothing was done; try again in a moment.");

    /// <summary>The answer to a body or message beyond the limit.</summary>
    public static Problem TooLarge { get; } =
        Problem.BadRequest(StatusCodes.Status413PayloadTooLarge, "The request is larger than the mall takes.") with
        {
            GrpcStatus = StatusCode.ResourceExhausted,
        };

    /// <summary>The answer to a body that does not come to its end.</summary>
    public static Problem TooSlow { get; } =
        Problem.BadRequest(StatusCodes.Status408RequestTimeout, "The body took too long to arrive. Nothing was done.") with
        {
            GrpcStatus = StatusCode.DeadlineExceeded,
        };

    [LoggerMessage(4001, LogLevel.Error, "A request failed unexpectedly; the client was told trace id {TraceId}")]
    private static partial void LogUnforeseen(ILogger log, Exception exception, string traceId);

    [LoggerMessage(4002, LogLevel.Warning, "A request was not served; its outcome is unknown: {Reason} (trace id {TraceId})")]
    private static partial void LogUnavailable(ILogger log, string reason, string traceId);

    // Below warning: a client may choose a deadline that nobody can keep.
    [LoggerMessage(4003, LogLevel.Information, "A request timed out; its outcome is unknown: {Reason} (trace id {TraceId})")]
    private static partial void LogTimedOut(ILogger log, string reason, string traceId);
}
