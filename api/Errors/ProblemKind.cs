using System.Collections.Frozen;

namespace Mall.Api.Errors;

/// <summary>How one error code shows to clients. The whole table of codes is here and nowhere else.</summary>
/// <param name="Code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="HttpStatus">The status of the problem details.</param>
/// <param name="GrpcStatus">The status beside the trailer <c>mall-code</c>.</param>
/// <param name="Title">The same words for every occurrence of the code.</param>
/// <param name="RetryAfterSeconds">When that is not told otherwise: see <see cref="Problem.RetryAfterSeconds"/>.</param>
internal sealed record ProblemKind(int Code, int HttpStatus, StatusCode GrpcStatus, string Title, int? RetryAfterSeconds = null)
{
    private static readonly FrozenDictionary<int, ProblemKind> s_table = new ProblemKind[]
    {
        new(ErrorCodes.Internal, 500, StatusCode.Internal, "Internal error"),
        new(ErrorCodes.BadParameter, 400, StatusCode.InvalidArgument, "Bad parameter"),
        new(ErrorCodes.Unauthenticated, 401, StatusCode.Unauthenticated, "Not signed in"),
        new(ErrorCodes.Forbidden, 403, StatusCode.PermissionDenied, "Not allowed"),
        new(ErrorCodes.StorageUnavailable, 503, StatusCode.Unavailable, "Storage unavailable", RetryAfterSeconds: 1),
        new(ErrorCodes.TooManyRequests, 429, StatusCode.ResourceExhausted, "Too many requests", RetryAfterSeconds: 1),
        new(ErrorCodes.KeyReused, 409, StatusCode.AlreadyExists, "Idempotency key used for another request"),
        new(ErrorCodes.TimedOut, 504, StatusCode.DeadlineExceeded, "Timed out", RetryAfterSeconds: 1),

        new(ErrorCodes.NoSuchUser, 404, StatusCode.NotFound, "No such user"),
        new(ErrorCodes.MobileTaken, 409, StatusCode.AlreadyExists, "Mobile already registered"),
        new(ErrorCodes.WrongCredentials, 401, StatusCode.Unauthenticated, "Wrong mobile or password"),

        new(ErrorCodes.NoSuchProduct, 404, StatusCode.NotFound, "No such product"),
        new(ErrorCodes.NotEnoughStock, 409, StatusCode.Aborted, "Not enough stock"),
        new(ErrorCodes.ProductOffSale, 409, StatusCode.FailedPrecondition, "Product off sale"),
        new(ErrorCodes.NoSuchShop, 404, StatusCode.NotFound, "No such shop"),

        new(ErrorCodes.NoSuchOrder, 404, StatusCode.NotFound, "No such order"),
        new(ErrorCodes.OrderStatusForbids, 409, StatusCode.FailedPrecondition, "The order's status does not allow this"),

        new(ErrorCodes.NoSuchPayment, 404, StatusCode.NotFound, "No such payment"),
        new(ErrorCodes.BadSignature, 401, StatusCode.Unauthenticated, "Bad signature"),
        new(ErrorCodes.AmountDiffers, 409, StatusCode.FailedPrecondition, "The amount differs"),
        new(ErrorCodes.NoPaymentProvider, 503, StatusCode.Unavailable, "No payment provider"),

        new(ErrorCodes.NoSuchSaga, 404, StatusCode.NotFound, "No such saga"),
        new(ErrorCodes.SagaStatusForbids, 409, StatusCode.FailedPrecondition, "The saga's status does not allow this"),
    }.ToFrozenDictionary(kind => kind.Code);

    /// <summary>The kind of a code; a code that is not in the table is a bug and shows as an internal error.</summary>
    public static ProblemKind Of(int code) => s_table.GetValueOrDefault(code) ?? s_table[ErrorCodes.Internal];
}
