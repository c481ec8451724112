namespace Mall.Simulation;

/// <summary>What must hold; see docs/architecture.md.</summary>
public enum Invariant
{
    Barrier, // An effect and its barrier row commit together, once.
    Fence, // Every write is fenced: epochs and versions only grow.
    StockConserved, // Stock is conserved, and never negative.
    MoneyConserved, // What the bank has taken is in paid orders or given back, and nobody else is believed.
    CompensationSucceeds, // Whatever was started of a saga that failed has been undone.
    NothingUndone, // A saga that succeeded has done all its branches, and none acts after its end.
    SagaSteps, // A saga goes through its statuses in their order.
    OrderSteps, // An order goes through its statuses in their order, and agrees with its saga.
    NothingLost, // What was acknowledged exists, as it was acknowledged.
    NothingTwice, // Nothing exists that nobody asked for, or twice.
    KeyForEver, // The same key gives the same answer, and another body is refused.
    RefusalTrue, // A refusal was true at some moment between request and answer.
    SagasEnd, // Every saga ends once nothing disturbs it.
    OneSickRow, // One sick row hurts nobody else; where nothing goes wrong, everybody is answered soon.
}

/// <summary>A broken invariant.</summary>
/// <param name="Subject">Whose: a gid, an order's or a product's id.</param>
/// <param name="Sentence">What is wrong with it.</param>
public sealed record Finding(Invariant Invariant, string Subject, string Sentence)
{
    public override string ToString() => $"{Invariant}: {Subject}: {Sentence}";
}
