using Grpc.Core;

namespace Mall.Transactions.Client;

/// <summary>What became of a request, in the words in which servers and branches answer.</summary>
public enum TransactionOutcome
{
    /// <summary>Done, and durable.</summary>
    Success,

    /// <summary>No, and for good. HTTP 409, gRPC ABORTED.</summary>
    Refused,

    /// <summary>Not yet: it goes on. HTTP 425, gRPC FAILED_PRECONDITION.</summary>
    Ongoing,

    /// <summary>Nobody knows: it may have happened. Ask again under the same gid.</summary>
    Unknown,
}

/// <summary>An answer of the server or of a branch.</summary>
/// <param name="Outcome">What became of the request.</param>
/// <param name="Message">Why it is no success.</param>
public sealed record TransactionAnswer(TransactionOutcome Outcome, string? Message = null)
{
    /// <summary>Done.</summary>
    public static TransactionAnswer Success { get; } = new(TransactionOutcome.Success);

    /// <summary>Of a workflow that succeeded: what it returned.</summary>
    public string? Result { get; init; }

    /// <summary>Whether it is done.</summary>
    public bool IsSuccess => Outcome == TransactionOutcome.Success;

    /// <summary>How a branch says it over HTTP: 200, 409, 425 or 500.</summary>
    public int HttpStatus => Outcome switch
    {
        TransactionOutcome.Success => 200,
        TransactionOutcome.Refused => 409,
        TransactionOutcome.Ongoing => 425,
        _ => 500,
    };

    /// <summary>How a branch says it over gRPC.</summary>
    public StatusCode GrpcStatus => Outcome switch
    {
        TransactionOutcome.Success => StatusCode.OK,
        TransactionOutcome.Refused => StatusCode.Aborted,
        TransactionOutcome.Ongoing => StatusCode.FailedPrecondition,
        _ => StatusCode.Unknown,
    };

    /// <summary>No, and for good.</summary>
    public static TransactionAnswer Refused(string message) => new(TransactionOutcome.Refused, message);

    /// <summary>Goes on when it is a success.</summary>
    /// <exception cref="TransactionException">It is none.</exception>
    public TransactionAnswer EnsureSuccess() => IsSuccess ? this : throw new TransactionException(this);
}

/// <summary>
/// An answer that ends the work of a transaction: a refusal cancels or rolls back, anything else leaves it to be tried again.
/// </summary>
/// <param name="answer">No success.</param>
public sealed class TransactionException(TransactionAnswer answer) : Exception(answer.Message)
{
    /// <summary>What was answered.</summary>
    public TransactionAnswer Answer => answer;
}
