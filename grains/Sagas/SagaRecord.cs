namespace Mall.Sagas;

/// <summary>A row of <c>sagas</c>.</summary>
/// <param name="Payload">The intent, as JSON of its kind; null where it stands in rows of its own.</param>
/// <param name="RequestHash">What was asked for, under an idempotency key.</param>
/// <param name="Reason">Why it aborts, see <see cref="SagaReason"/>, or what it last stumbled over.</param>
/// <param name="Attempts">Rounds that stumbled since it last made progress.</param>
/// <param name="Version">Goes up with each write: the fence of the row.</param>
/// <param name="NextTime">When due work looks after it; null when it has ended or is parked.</param>
/// <param name="Position">Its place in the list of sagas; 0 until it is read.</param>
/// <param name="TraceParent">See <see cref="LaterTraces"/>.</param>
public sealed record SagaRecord(
    string Gid, string Kind, string Status, string? Payload, string? RequestHash, long UserId, string? Reason, int Attempts,
    long Version, DateTimeOffset? NextTime, long Position = 0, string? TraceParent = null);

/// <summary>How a refusal is kept in <c>sagas.reason</c>: the code, a space, the sentence.</summary>
public static class SagaReason
{
    public static string From(Refusal refusal) => $"{refusal.Code} {refusal.Detail}";

    /// <summary>The refusal that a reason was made from.</summary>
    public static Refusal ToRefusal(string? reason)
    {
        var space = reason?.IndexOf(' ') ?? -1;
        return space > 0 && int.TryParse(reason.AsSpan(0, space), out var code)
            ? new Refusal(code, reason![(space + 1)..])
            : new Refusal(ErrorCodes.Internal, "The request could not be carried out.");
    }
}
