namespace Mall.Runtime;

/// <summary>Takes the answer of a request whose caller is not in this process, or not waiting.</summary>
internal interface IReplySink
{
    /// <summary>
    /// The request has ended: with a result, or with this fault. Called once, inside the callee's turn: must be quick.
    /// </summary>
    void Reply(GrainRequest request, Exception? fault);
}
