namespace Mall.Api.Errors;

/// <summary>What is wrong with one field of a request.</summary>
/// <param name="Field">As the client wrote it: <c>items[0].quantity</c>, <c>limit</c>, <c>Idempotency-Key</c>.</param>
/// <param name="Message">Completes the sentence that the field's name begins.</param>
internal sealed record FieldError(string Field, string Message);

/// <summary>An answer of "no" or "not now", before it is written as problem details or as a gRPC status.</summary>
/// <param name="Kind">Code, statuses and title.</param>
/// <param name="Detail">Fit for the customer: nothing of the inside, no more than a little of the input.</param>
internal sealed record Problem(ProblemKind Kind, string Detail)
{
    /// <summary>Differs from the kind's where HTTP has a more exact word for a bad parameter: 404, 405, 413, 415.</summary>
    public int HttpStatus { get; init; } = Kind.HttpStatus;

    /// <summary>Differs from the kind's where gRPC has a more exact word for a bad parameter.</summary>
    public StatusCode GrpcStatus { get; init; } = Kind.GrpcStatus;

    /// <summary>When the same request may be worth repeating; null when it is not.</summary>
    public int? RetryAfterSeconds { get; init; } = Kind.RetryAfterSeconds;

    /// <summary>The fields at fault; empty when no field is.</summary>
    public ImmutableArray<FieldError> Errors { get; init; } = [];

    public static Problem Of(int code, string detail) => new(ProblemKind.Of(code), detail);

    public static Problem Of(Refusal refusal) =>
        refusal.Field is { } field ? BadField(field, refusal.Detail) : Of(refusal.Code, refusal.Detail);

    /// <summary>One field is wrong.</summary>
    public static Problem BadField(string field, string message) => BadFields([new FieldError(field, message)]);

    /// <summary>Some fields are wrong; the detail names them too, for clients that show nothing else.</summary>
    public static Problem BadFields(ImmutableArray<FieldError> errors)
    {
        var detail = string.Join("; ", errors.Select(error => $"{error.Field} {error.Message}"));
        return Of(ErrorCodes.BadParameter, $"{detail}.") with { Errors = errors };
    }

    /// <summary>The request as a whole is wrong, and HTTP has a status for how.</summary>
    public static Problem BadRequest(int httpStatus, string detail) =>
        Of(ErrorCodes.BadParameter, detail) with { HttpStatus = httpStatus };

    public static Problem UnsupportedMediaType(string detail) => BadRequest(StatusCodes.Status415UnsupportedMediaType, detail);

    /// <summary>The request as a whole is wrong, and gRPC has a status for how.</summary>
    public static Problem BadCall(StatusCode status, string detail) =>
        Of(ErrorCodes.BadParameter, detail) with { GrpcStatus = status };
}

/// <summary>
/// Ends a request at the front door, before any grain was called: bad input, no token, too many requests. Business refusals
/// are results and never travel as exceptions.
/// </summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;
}
