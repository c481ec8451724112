namespace Mall.Simulation;

/// <summary>A grain call on its way, in bytes.</summary>
/// <param name="Number">Of the call, among its sender's.</param>
/// <param name="Sender">Who waits for the answer.</param>
/// <param name="What">For the story.</param>
/// <param name="Expires">Nobody begins with it after that: its sender does not wait any more.</param>
internal sealed record Message(
    long Number, GrainCaller Sender, GrainId Grain, GrainKind Kind, string What, byte[] Body, InvokeMethodOptions Options,
    TimeSpan Expires)
{
    /// <summary>The longest way through the cluster; one more, and it is rejected.</summary>
    public const int MostForwards = 2;

    public int Forwards { get; set; }

    /// <summary>The silo that a client has sent it through; the answer goes the same way.</summary>
    public SimulatedSilo? Gateway { get; init; }

    /// <summary>Where it was sent last, if that is known: if that silo dies, so does the call.</summary>
    public SimulatedSilo? SentTo { get; set; }

    public bool IsAlwaysInterleave => Options.HasFlag(InvokeMethodOptions.AlwaysInterleave);

    public bool IsReadOnly => Options.HasFlag(InvokeMethodOptions.ReadOnly);
}
