namespace Mall.Runtime;

/// <summary>
/// Where the answer of a <see cref="OneWayAttribute"/> call goes. A refusal that comes while the caller still hands the request
/// over is the caller's; later errors are logged, since nobody else hears of them.
/// </summary>
internal sealed class NobodyWaits(bool isFromGrain) : IReplySink
{
    private Exception? _refusal;
    private int _handedOver;

    public bool IsFromGrain => isFromGrain;

    /// <summary>The caller's task, when the request has been handed over, or refused.</summary>
    public Task HandedOver()
    {
        Interlocked.Exchange(ref _handedOver, 1);
        return Volatile.Read(ref _refusal) is { } refusal ? Task.FromException(refusal) : Task.CompletedTask;
    }

    public void Reply(GrainRequest request, Exception? fault)
    {
        if (fault is null) return;
        if (fault is (LimitExceededException or SiloUnavailableException) && Volatile.Read(ref _handedOver) == 0)
            Volatile.Write(ref _refusal, fault);
        else
            request.Target.Runtime.Log.OneWayFailed(fault, request.Method, request.Target.GrainId);
    }
}
