namespace Mall.Transactions;

/// <summary>How a branch is called: the network, as transactions see it.</summary>
public interface IBranchCaller
{
    /// <summary>Calls once, and ends by the call's timeout. Never throws: what is not known is an answer, too.</summary>
    Task<BranchAnswer> CallAsync(BranchCall call);

    /// <summary>Tells the operator's alert hook of a transaction that does not get on. Throws when it was not taken.</summary>
    /// <param name="alert">JSON.</param>
    Task AlertAsync(string alert, CancellationToken cancellationToken);
}

/// <summary>One call of a branch.</summary>
/// <param name="Protocol">Of the transaction: <c>json-rpc</c> changes how HTTP targets with a <c>method</c> are called.</param>
/// <param name="Payload">Without one, HTTP is called with GET.</param>
public sealed record BranchCall(
    string Gid, string Type, string BranchId, string Op, string Target, string Protocol, byte[] Payload,
    ImmutableDictionary<string, string> Headers, TimeSpan Timeout);

/// <summary>What a branch answered.</summary>
public enum BranchOutcome
{
    Success,
    Failure,

    /// <summary>Not yet: to be asked again.</summary>
    Ongoing,

    /// <summary>No answer, or none that means something: to be asked again, more and more seldom.</summary>
    Unknown,
}

/// <param name="Error">What was answered instead of success.</param>
public sealed record BranchAnswer(BranchOutcome Outcome, string? Error = null)
{
    public static BranchAnswer Success { get; } = new(BranchOutcome.Success);
}
