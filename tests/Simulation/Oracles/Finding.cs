namespace Mall.Simulation;

/// <summary>What must hold; see docs/architecture.md.</summary>
public enum Invariant
{
    /// <summary>An effect and its barrier row commit together, once.</summary>
    Barrier,

    /// <summary>Every write is fenced: epochs and versions only grow.</summary>
    Fence,

    /// <summary>Stock is conserved, and never negative.</summary>
    StockConserved,

    /// <summary>Whatever was started of a saga that failed has been undone.</summary>
    CompensationSucceeds,

    /// <summary>A saga that succeeded has done all its branches, and none acts after its end.</summary>
    NothingUndone,

    /// <summary>A saga goes through its statuses in their order.</summary>
    SagaSteps,

    /// <summary>An order goes through its statuses in their order, and agrees with its saga.</summary>
    OrderSteps,

    /// <summary>What was acknowledged exists, as it was acknowledged.</summary>
    NothingLost,

    /// <summary>Nothing exists that nobody asked for, or twice.</summary>
    NothingTwice,

    /// <summary>The same key gives the same answer, and another body is refused.</summary>
    KeyForEver,

    /// <summary>A refusal was true at some moment between request and answer.</summary>
    RefusalTrue,

    /// <summary>Every saga ends once nothing disturbs it.</summary>
    SagasEnd,

    /// <summary>Where nothing goes wrong, everybody is answered.</summary>
    EverybodyAnswered,

    /// <summary>One sick row hurts nobody else.</summary>
    OneSickRow,
}

/// <summary>A broken invariant.</summary>
/// <param name="Subject">Whose: a gid, an order's or a product's id.</param>
/// <param name="Sentence">What is wrong with it.</param>
public sealed record Finding(Invariant Invariant, string Subject, string Sentence)
{
    public override string ToString() => $"{Invariant}: {Subject}: {Sentence}";
}
