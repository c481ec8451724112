namespace Mall.Runtime;

/// <summary>
/// Tells the caller of an abandoned request. The request itself cannot be the messenger: it may be linked into a list of its
/// callee's still.
/// </summary>
internal sealed class AbandonedCall(GrainRequest request, Exception reason) : MailboxItem, IThreadPoolWorkItem
{
    public void Execute() => request.CompleteAbandoned(reason);

    internal override void Run(Activation activation) => Execute();
}
