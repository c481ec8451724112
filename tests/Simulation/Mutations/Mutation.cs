namespace Mall.Simulation;

/// <summary>Bugs that are planted to see whether a run finds them.</summary>
public enum Mutation
{
    /// <summary>An action commits its effect without its barrier row.</summary>
    BarrierLeftOut,

    /// <summary>A compensation commits its effect without its barrier row.</summary>
    CompensationWithoutBarrier,

    /// <summary>The barrier row is committed first, its effect in the next transaction.</summary>
    BarrierInItsOwnTransaction,

    /// <summary>Whoever commits is answered at once.</summary>
    AnswerBeforeCommit,

    /// <summary>A saga's branches are called while its intent is still being committed.</summary>
    IntentAfterAction,

    /// <summary>Stock is moved whoever owns the product by now.</summary>
    NoEpochInTheGuard,

    /// <summary>A saga is moved whoever has moved it meanwhile.</summary>
    NoVersionInTheGuard,

    /// <summary>A product's owner believes what it read before it took the epoch.</summary>
    EpochWithoutReadingAgain,

    /// <summary>An action whose outcome is unknown counts as refused.</summary>
    UnknownIsRefused,

    /// <summary>A batch whose acknowledgement was lost counts as not committed.</summary>
    CommitMarkIgnored,

    /// <summary>A compensation of what never happened leaves no trace.</summary>
    NullMarkerLeftOut,

    /// <summary>An action that is repeated is answered as one that came too late.</summary>
    DuplicateIsRefused,

    /// <summary>Due work is forgotten when it is claimed.</summary>
    DueWorkForgotten,

    /// <summary>A saga that is resumed is taken to be aborting.</summary>
    ResumedFromTheWrongStep,

    /// <summary>An idempotency key is not committed with what it made.</summary>
    KeyNotDurable,

    /// <summary>Ids are handed out before they are reserved.</summary>
    IdsNotReserved,

    /// <summary>Storage that fails says so in words that no other silo can read.</summary>
    ExceptionWithoutSerializer,
}

/// <summary>What nobody can serialize.</summary>
internal sealed class UnreadableException(string message) : Exception(message);
