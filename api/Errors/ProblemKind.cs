using System.Collections.Frozen;
using Mall.Api.Grpc;

namespace Mall.Api.Errors;

/// <summary>How one error code shows to clients. The whole table of codes is here and nowhere else.</summary>
/// <param name="Code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="HttpStatus">The status of the problem details.</param>
/// <param name="GrpcStatus">The status beside the trailer <c>mall-code</c>.</param>
/// <param name="Title">The same words for every occurrence of the code.</param>
/// <param name="RetryAfterSeconds">When the same request may be worth repeating; null when it is not.</param>
internal sealed record ProblemKind(int Code, int HttpStatus, GrpcStatus GrpcStatus, string Title, int? RetryAfterSeconds = null)
{
    private static readonly FrozenDictionary<int, ProblemKind> s_table = new ProblemKind[]
    {
        new(ErrorCodes.Internal, 500, GrpcStatus.Internal, "Internal error"),
        new(ErrorCodes.BadParameter, 400, GrpcStatus.InvalidArgument, "Bad parameter"),
        new(ErrorCodes.Unauthenticated, 401, GrpcStatus.Unauthenticated, "Not signed in"),
        new(ErrorCodes.Forbidden, 403, GrpcStatus.PermissionDenied, "Not allowed"),
        new(ErrorCodes.StorageUnavailable, 503, GrpcStatus.Unavailable, "Storage unavailable", RetryAfterSeconds: 1),
        new(ErrorCodes.TooManyRequests, 429, GrpcStatus.ResourceExhausted, "Too many requests", RetryAfterSeconds: 1),
        new(ErrorCodes.KeyReused, 409, GrpcStatus.AlreadyExists, "Idempotency key used for another request"),
        new(ErrorCodes.TimedOut, 504, GrpcStatus.DeadlineExceeded, "Timed out", RetryAfterSeconds: 1),

        new(ErrorCodes.NoSuchUser, 404, GrpcStatus.NotFound, "No such user"),
        new(ErrorCodes.MobileTaken, 409, GrpcStatus.AlreadyExists, "Mobile already registered"),
        new(ErrorCodes.WrongCredentials, 401, GrpcStatus.Unauthenticated, "Wrong mobile or password"),

        new(ErrorCodes.NoSuchProduct, 404, GrpcStatus.NotFound, "No such product"),
        new(ErrorCodes.NotEnoughStock, 409, GrpcStatus.Aborted, "Not enough stock"),
        new(ErrorCodes.ProductOffSale, 409, GrpcStatus.FailedPrecondition, "Product off sale"),
        new(ErrorCodes.NoSuchShop, 404, GrpcStatus.NotFound, "No such shop"),

        new(ErrorCodes.NoSuchOrder, 404, GrpcStatus.NotFound, "No such order"),
        new(ErrorCodes.OrderStatusForbids, 409, GrpcStatus.FailedPrecondition, "The order's status does not allow this"),

        new(ErrorCodes.NoSuchPayment, 404, GrpcStatus.NotFound, "No such payment"),
        new(ErrorCodes.BadSignature, 401, GrpcStatus.Unauthenticated, "Bad signature"),
        new(ErrorCodes.AmountDiffers, 409, GrpcStatus.FailedPrecondition, "The amount differs"),

        new(ErrorCodes.NoSuchSaga, 404, GrpcStatus.NotFound, "No such saga"),
        new(ErrorCodes.SagaStatusForbids, 409, GrpcStatus.FailedPrecondition, "The saga's status does not allow this"),
    }.ToFrozenDictionary(kind => kind.Code);

    /// <summary>Every code there is.</summary>
    public static IEnumerable<ProblemKind> All => s_table.Values;

    /// <summary>The kind of a code; a code that is not in the table is a bug and shows as an internal error.</summary>
    public static ProblemKind Of(int code) => s_table.GetValueOrDefault(code) ?? s_table[ErrorCodes.Internal];
}
