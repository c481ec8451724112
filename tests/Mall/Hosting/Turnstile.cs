namespace Mall.Tests.Hosting;

/// <summary>
/// Stands before a grain's method: holds its calls until the test lets them go, or fails them. A held call occupies its grain
/// as a slow database would.
/// </summary>
public sealed class Turnstile(string method) : IIncomingGrainCallFilter
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource? _held;
    private volatile TaskCompletionSource? _lost;
    private volatile Func<Exception>? _failure;

    /// <summary>Completes when a call stands at the turnstile.</summary>
    public Task Arrived => _arrived.Task;

    /// <summary>From now on calls wait.</summary>
    public void Hold() => _held ??= new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>From now on calls fail, before they have done anything.</summary>
    public void Fail(Func<Exception>? failure) => _failure = failure;

    /// <summary>Lets all go, and from now on all pass.</summary>
    public void Open()
    {
        var (held, lost) = (_held, _lost);
        (_held, _lost) = (null, null);
        held?.SetResult();
        lost?.SetResult();
    }

    /// <summary>Keeps those who wait, as if their silo had died, until all are let go; from now on others pass.</summary>
    public void Lose() => (_lost, _held) = (_held, null);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.MethodName == method)
        {
            if (_failure is { } failure) throw failure();
            if (_held is { } held)
            {
                _arrived.TrySetResult();
                await held.Task;
            }
        }

        await context.Invoke();
    }
}
