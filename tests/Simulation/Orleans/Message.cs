namespace Mall.Simulation;

/// <summary>A grain call on its way, in bytes.</summary>
/// <param name="Number">Of the call, among its sender's.</param>
/// <param name="Sender">Who waits for the answer.</param>
/// <param name="What">For the story.</param>
/// <param name="Expires">Nobody begins with it after that: its sender does not wait any more.</param>
/// <param name="Gateway">The silo that a client sends it through; the answer goes the same way.</param>
internal sealed record Message(
    long Number, GrainCaller Sender, GrainId Grain, string What, byte[] Body, InvokeMethodOptions Options, TimeSpan Expires,
    SimulatedSilo? Gateway)
{
    public GrainKind Kind { get; } = GrainTypes.Of(Grain);
    public bool IsAlwaysInterleave => Options.HasFlag(InvokeMethodOptions.AlwaysInterleave);
    public int Forwards { get; set; }
    public SimulatedSilo? SentTo { get; set; } // where it was sent last, if that is known: if that silo dies, so does the call
}
