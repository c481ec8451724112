namespace Mall.Sagas;

/// <summary>The run of a saga: its rounds, forward and back, and what it does when one stumbles.</summary>
public abstract partial class SagaGrain<TIntent>
{
    private void Start()
    {
        if (IsRunning || SagaStatus.HasEnded(Saga.Status)) return;
        _stoppedBy = null;
        _failures = 0;
        if (_settled.Task.IsCompleted) _settled = NewSignal();
        if (_decided.Task.IsCompleted) _decided = NewSignal();
        _run = RunAsync();
    }

    /// <summary>Drives the saga to its end, or until it is parked, taken over, or this activation leaves. Never throws.</summary>
    private async Task RunAsync()
    {
        var isAgain = false;
        try
        {
            while (!SagaStatus.HasEnded(Saga.Status) && !_deactivating)
            {
                try
                {
                    using var trace = isAgain ? LaterTraces.Begin("saga again", Saga.TraceParent, Saga.Gid) : null;
                    if (Saga.Status == SagaStatus.Submitted) await ForwardAsync();
                    else await CompensateAsync();
                }
                catch (Exception e) when (!_overtaken)
                {
                    // A round's edge: whatever a branch threw, its effect is unknown and the next round asks again.
                    if (!await StumbleAsync(e)) break;
                    isAgain = true;
                }
            }
        }
        catch (Exception e)
        {
            _stoppedBy = e;
            LogStopped(_log, e, Saga.Gid);
        }
        finally
        {
            _settled.TrySetResult();
            _decided.TrySetResult();
            DeactivateOnIdle(); // its row says everything; a shop's worth of ended sagas need not stay in memory
        }
    }

    private async Task ForwardAsync()
    {
        await _progress.ActAsync();
        if (_progress is { Refusal: not null, CannotSucceed: false } && !await TrySealAsync()) _progress.Withdraw();
        if (_progress.Refusal is not { } refusal)
        {
            _settled.TrySetResult();
            var ending = await kind.EndingAsync(Saga.Gid, _intent!, services.Clock.GetUtcNow());
            await MoveToAsync(Saga with { Status = SagaStatus.Succeed, NextTime = null, Attempts = 0, Reason = null }, ending);
            return;
        }

        var now = services.Clock.GetUtcNow();
        var started = _progress.Started.Select(b => SagaRows.InsertBranch(Saga.Gid, b.Id, BarrierOps.Action, b.Status, now));
        var aborting = Saga with
        {
            Status = SagaStatus.Aborting,
            Reason = SagaReason.From(refusal),
            NextTime = now + services.Options.TakeoverAfter,
            Attempts = 0,
        };

        // The usual refusal leaves nothing to be undone but what the saga itself began with: one commit says and does it all.
        if (kind.Undoing(Saga.Gid, _intent!, refusal, now) is { Barrier: { } barrier } undoing
            && _progress.IsUndoneExcept(barrier.BranchId)
            && await TryMoveToAsync(Failed(aborting), barrier, [.. undoing.Changes, .. started, .. Undone(now)]))
            return;
        await MoveToAsync(aborting, [.. started]);
        _decided.TrySetResult();
    }

    /// <summary>
    /// Before an operator's wish is granted: makes sure of one branch that it never acts. Otherwise another activation, which has
    /// been overtaken and does not know it, may see them all done and tell its client of success. False: they are all done.
    /// </summary>
    private async Task<bool> TrySealAsync()
    {
        foreach (var id in _progress.NotActed.ToArray())
        {
            if (await services.Ledger.CommitAsync(new Branch(Saga.Gid, id).Sealing()) != CommitOutcome.Duplicate)
            {
                _progress.NoteSealed(id);
                return true;
            }

            _progress.NoteActed(id);
        }

        return false;
    }

    private async Task CompensateAsync()
    {
        await _progress.CompensateAsync();
        await MoveToAsync(Failed(Saga), [.. Undone(services.Clock.GetUtcNow())]);
    }

    private static SagaRecord Failed(SagaRecord saga) => saga with { Status = SagaStatus.Failed, NextTime = null, Attempts = 0 };

    private IEnumerable<RowChange> Undone(DateTimeOffset now) => _progress.Started.Select(
        b => SagaRows.InsertBranch(Saga.Gid, b.Id, BarrierOps.Compensate, BranchStatus.Succeed, now));

    /// <summary>Notes a round that stumbled and waits for the next; false when none comes: parked, or the silo stops.</summary>
    private async Task<bool> StumbleAsync(Exception e)
    {
        // Whatever Orleans throws says that a call or its answer has not come through: silos that stop, die or are crowded.
        var outcomeUnknown = e is TimeoutException or OperationCanceledException or OrleansException
            or StorageUnavailableException or StaleActivationException or TooBusyException;
        if (!outcomeUnknown) _failures++;
        var attempts = ++_attempts;
        var parked = HasFailedTooOften;
        var delay = services.Jitter.Spread(Backoff.After(attempts, services.Options.FirstBackoff, services.Options.MaxBackoff));
        if (parked) LogParked(_log, e, Saga.Gid, _failures);
        else LogStumbled(_log, e, Saga.Gid, attempts, delay.TotalMilliseconds);

        // Storage that has just failed is not asked to write that down. The row then keeps its earlier time, and whoever resumes
        // the saga at that time finds this run, or takes over where it stood.
        if (e is not (StorageUnavailableException or TooBusyException))
        {
            await MoveToAsync(Saga with
            {
                Attempts = attempts,
                Reason = Saga.Status == SagaStatus.Submitted ? $"{e.GetType().Name}: {e.Message}" : Saga.Reason,
                NextTime = parked ? null : services.Clock.GetUtcNow() + delay + services.Options.TakeoverAfter,
            });
        }

        // A silo that stops sees through what goes well, and leaves to its successor what does not.
        if (parked || IsLeaving) return false;
        await WakeAsync(delay);
        return !IsLeaving;
    }

    /// <summary>Waits until it is woken, by somebody, by time, or by the end of the silo.</summary>
    private async Task WakeAsync(TimeSpan delay)
    {
        // One promise that all keep: to await the first of several tasks would go through the thread pool, past a simulation.
        var wake = _wake;
        await using (services.Clock.CreateTimer(_ => wake.TrySetResult(), null, delay, Timeout.InfiniteTimeSpan))
        await using (Stopping.UnsafeRegister(_ => wake.TrySetResult(), null))
            await wake.Task;
        _wake = NewSignal();
    }

    /// <summary>Commits the row's next version, together with rows that ride along, and believes it afterwards.</summary>
    private Task<bool> MoveToAsync(SagaRecord next, params RowChange[] alongside) =>
        TryMoveToAsync(next, barrier: null, alongside);

    /// <summary>The same under a barrier. False when that says that what rides along has been settled before.</summary>
    private async Task<bool> TryMoveToAsync(SagaRecord next, BarrierKey? barrier, RowChange[] alongside)
    {
        next = next with { Version = Saga.Version + 1 };
        switch (await services.Ledger.CommitAsync(
            new WriteSet(barrier, [SagaRows.Update(next, services.Clock.GetUtcNow()), .. alongside])))
        {
            case CommitOutcome.Applied:
                if (next.Status != Saga.Status) _attempts = 0;
                _saga = next;
                return true;
            case CommitOutcome.Conflict:
                _overtaken = true;
                DeactivateOnIdle(); // Whoever comes next begins from the row again.
                throw new StaleActivationException($"Saga {next.Gid} is no longer at version {Saga.Version}.");
            default:
                return false;
        }
    }

    [LoggerMessage(3001, LogLevel.Warning, "Saga {Gid} stumbled, attempt {Attempt}; again in {DelayMs} ms")]
    private static partial void LogStumbled(ILogger log, Exception e, string gid, int attempt, double delayMs);

    [LoggerMessage(3002, LogLevel.Critical, "Saga {Gid} is parked after {Failures} failed rounds: retry or abort it")]
    private static partial void LogParked(ILogger log, Exception e, string gid, int failures);

    [LoggerMessage(3003, LogLevel.Warning, "Saga {Gid} is given up by this activation; due work resumes it")]
    private static partial void LogStopped(ILogger log, Exception e, string gid);
}
