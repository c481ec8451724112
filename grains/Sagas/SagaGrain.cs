namespace Mall.Sagas;

/// <summary>
/// The engine: one grain drives one saga. It commits the intent before it calls the first branch (or with it, see
/// <see cref="SagaKind{TIntent}.Opening"/>), the decision to abort before the first compensation, and a failed end before it
/// answers. A client is told of success as soon as every branch is known to be done: nothing can undo that any more, and the row
/// that says so is written behind the answer.
/// <para>
/// It works in <em>rounds</em>. A round calls every branch that is not yet known to be done; when each has answered, the saga
/// goes on, and when one has not (unknown, or failed), the round stumbled and comes again after a backoff, with the same
/// barrier keys. A silo that dies anywhere leaves a row from which another activation resumes with a fresh round.
/// </para>
/// <para>
/// All calls interleave. That is safe because state changes only in three places, each of which tolerates company: begin (shared
/// by all who come while it is under way), load (which never overwrites what is known), and the run, of which there is one at a
/// time.
/// </para>
/// </summary>
/// <typeparam name="TIntent">See <see cref="SagaKind{TIntent}"/>.</typeparam>
public abstract partial class SagaGrain<TIntent>(SagaKind<TIntent> kind, SagaServices services) : Grain, ISagaGrain
    where TIntent : class
{
    private readonly ILogger _log = services.Logging.CreateLogger(kind.GetType());

    private SagaRecord? _saga;               // the row as this activation last read or committed it; null until then
    private TIntent? _intent;
    private SagaProgress _progress = new([], _ => false);
    private Task<Refusal?>? _begin;          // under way, or the one that found or made the row
    private Task? _run;
    private TaskCompletionSource _settled = NewSignal(); // set when it is known how the saga ends, or its run has stopped
    private Exception? _stoppedBy;           // why the run ended before the saga did
    private TaskCompletionSource _wake = NewSignal();
    private int _attempts;                   // rounds that stumbled since the last progress, written down or not
    private int _failures;                   // failed rounds since the run started; unknown ones do not count towards parking
    private bool _overtaken;                 // another activation has moved the row
    private bool _deactivating;

    private SagaRecord Saga => _saga ?? throw new InvalidOperationException("The saga has not begun.");

    private bool IsRunning => _run is { IsCompleted: false };

    private CancellationToken Stopping => services.Lifetime.ApplicationStopping;

    private bool IsLeaving => _deactivating || Stopping.IsCancellationRequested;

    /// <summary>Makes the intent durable, once, and starts the saga. Whoever repeats the request gets the first intent.</summary>
    /// <param name="decide">
    /// Decides what the saga will do, or refuses. Called before anything is durable, so it may be called again.
    /// </param>
    protected async Task<Result<TIntent>> BeginAsync(string? requestHash, long userId, Func<Task<Result<TIntent>>> decide)
    {
        var begin = _begin ??= BeginOnceAsync(requestHash, userId, decide);
        try
        {
            if (await begin is { } refusal)
            {
                if (_begin == begin) _begin = null; // nothing is durable: the next request decides anew
                return refusal;
            }
        }
        catch
        {
            // The row may be there or not. The next request inserts again and finds out.
            if (_begin == begin) _begin = null;
            throw;
        }

        return Begun(requestHash);
    }

    private Result<TIntent> Begun(string? requestHash) => Saga.RequestHash == requestHash
        ? _intent!
        : Result.Refused(ErrorCodes.KeyReused, "This idempotency key was used for a different request.");

    /// <summary>The intent of a saga that has begun; null when none has.</summary>
    protected async Task<Result<TIntent>?> FindAsync(string? requestHash)
    {
        if (await LoadAsync()) return Begun(requestHash);
        DeactivateOnIdle();
        return null;
    }

    /// <summary>Waits until it is known how the saga ends: null when it succeeds, else why it has failed.</summary>
    /// <exception cref="TimeoutException">It is parked: how it will end is unknown.</exception>
    /// <exception cref="StaleActivationException">Another activation has taken it over, or will.</exception>
    protected async Task<Refusal?> EndAsync()
    {
        if (!SagaStatus.HasEnded(Saga.Status))
        {
            Start();
            await _settled.Task;
        }

        return Saga.Status switch
        {
            SagaStatus.Succeed => null,
            SagaStatus.Failed => SagaReason.ToRefusal(Saga.Reason),
            _ when _progress.IsDone => null,
            _ when _stoppedBy is StaleActivationException or StorageUnavailableException => throw _stoppedBy,
            _ when IsLeaving => throw new StaleActivationException($"Saga {Saga.Gid} goes on elsewhere: this silo stops."),
            _ => throw new TimeoutException($"Saga {Saga.Gid} waits for an operator."),
        };
    }

    public async Task Resume()
    {
        if (await LoadAsync() && !SagaStatus.HasEnded(Saga.Status)) Start();
        else DeactivateOnIdle();
    }

    public async Task<Result<Done>> Retry()
    {
        if (await RefuseUnlessOpenAsync() is { } refusal) return refusal;
        _failures = 0;
        _wake.TrySetResult();
        Start();
        return Done.It;
    }

    public async Task<Result<Done>> Abort()
    {
        if (await RefuseUnlessOpenAsync() is { } refusal) return refusal;
        if (_progress.IsDone) return Succeeded(); // Its client may have been told.
        _progress.Refuse(Result.Refused(ErrorCodes.SagaStatusForbids, "The request was aborted by an operator."));
        _wake.TrySetResult();
        Start();
        await _run!;
        return Saga.Status == SagaStatus.Succeed ? Succeeded() : Done.It;

        Refusal Succeeded() =>
            Result.Refused(ErrorCodes.SagaStatusForbids, $"Saga {Saga.Gid} succeeded before it could be aborted.");
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _deactivating = true;
        _wake.TrySetResult();

        // The step in hand, so that a drained silo leaves little to resume.
        if (IsRunning) await _run!.WaitAsync(cancellationToken);
    }

    private async Task<Refusal?> BeginOnceAsync(string? requestHash, long userId, Func<Task<Result<TIntent>>> decide)
    {
        if (_saga is not null) return null;
        var decided = await decide();

        // A repeat must get the first answer even where a fresh request would be refused by now, so the row is looked for before
        // refusing. When nothing is refused the insert itself finds out, and a fresh order pays for no read.
        if (decided.IsRefused) return requestHash is not null && await LoadAsync() ? null : decided.Refusal;

        var now = services.Clock.GetUtcNow();
        var saga = new SagaRecord(
            this.GetPrimaryKeyString(), kind.Name, SagaStatus.Submitted, kind.Write(decided.Value), requestHash, userId,
            Reason: null, Attempts: 0, Version: 1, NextTime: now + services.Options.TakeoverAfter);
        var opening = kind.Opening(saga.Gid, decided.Value);
        var writes = new WriteSet(opening?.Barrier, [SagaRows.Insert(saga, now), .. opening?.Changes ?? []]);
        switch (await services.Ledger.CommitAsync(writes))
        {
            case CommitOutcome.Applied:
                // The row is there for all to see before its acknowledgement is: due work may have come first and have this very
                // activation load and run it. That run's progress must not be replaced.
                if (_saga is null)
                {
                    Adopt(saga, decided.Value, startedBefore: _ => false);
                    if (opening?.Barrier is { } barrier) _progress.NoteActed(barrier.BranchId);
                }

                Start();
                return null;
            case CommitOutcome.Conflict or CommitOutcome.Duplicate or CommitOutcome.Suspended when await LoadAsync():
                return null;
            case var outcome:
                throw new UnreachableException($"Inserting saga {saga.Gid} came to {outcome}, and no row is there.");
        }
    }

    /// <summary>
    /// Reads the row unless it is known, and takes the saga over: its version moves before a branch is called, so that whoever
    /// has driven it until now decides nothing any more. False when there is no row.
    /// </summary>
    private async Task<bool> LoadAsync()
    {
        while (_saga is null)
        {
            var gid = this.GetPrimaryKeyString();
            var saga = await services.Ledger.FindAsync(SagaRows.ByGid, gid);
            if (saga is null) return false;
            if (saga.Kind != kind.Name) throw new InvalidDataException($"Saga {gid} is of kind {saga.Kind}, not {kind.Name}.");
            if (!SagaStatus.HasEnded(saga.Status))
            {
                saga = saga with { Version = saga.Version + 1 };
                var taken = await services.Ledger.CommitAsync(new WriteSet(SagaRows.Update(saga, services.Clock.GetUtcNow())));
                if (taken != CommitOutcome.Applied) continue; // somebody was faster: read what they left
            }

            // Which branches were started is written down with the decision to abort; until then each of them may have been.
            var noted = saga.Status == SagaStatus.Submitted ? [] : await services.Ledger.QueryAsync(SagaRows.BranchesOf, gid);
            if (_saga is null)
            {
                Adopt(
                    saga, kind.Read(saga.Payload),
                    branch => saga.Status == SagaStatus.Submitted || noted.Any(row => row.BranchId == branch.Id));
            }
            else if (_saga.Version < saga.Version)
            {
                _saga = _saga with { Version = saga.Version }; // its insert was acknowledged meanwhile
            }
        }

        return true;
    }

    private void Adopt(SagaRecord saga, TIntent intent, Func<SagaBranch, bool> startedBefore)
    {
        _saga = saga;
        _intent = intent;
        _attempts = saga.Attempts;
        _progress = new SagaProgress(kind.Plan(GrainFactory, saga.Gid, intent), startedBefore);
        if (saga.Status == SagaStatus.Aborting) _progress.Refuse(SagaReason.ToRefusal(saga.Reason));
    }

    private async Task<Refusal?> RefuseUnlessOpenAsync()
    {
        if (!await LoadAsync()) return Result.Refused(ErrorCodes.NoSuchSaga, "There is no such saga.");
        return SagaStatus.HasEnded(Saga.Status)
            ? Result.Refused(ErrorCodes.SagaStatusForbids, $"The saga has ended: {Saga.Status}.")
            : null;
    }

    private void Start()
    {
        if (IsRunning || SagaStatus.HasEnded(Saga.Status)) return;
        _stoppedBy = null;
        if (_settled.Task.IsCompleted) _settled = NewSignal();
        _run = RunAsync();
    }

    /// <summary>Drives the saga to its end, or until it is parked, taken over, or this activation leaves. Never throws.</summary>
    private async Task RunAsync()
    {
        try
        {
            while (!SagaStatus.HasEnded(Saga.Status) && !_deactivating)
            {
                try
                {
                    if (Saga.Status == SagaStatus.Submitted) await ForwardAsync();
                    else await CompensateAsync();
                }
                catch (Exception e) when (!_overtaken)
                {
                    // A round's edge: whatever a branch threw, its effect is unknown and the next round asks again.
                    if (!await StumbleAsync(e)) break;
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
            DeactivateOnIdle(); // its row says everything; a shop's worth of ended sagas need not stay in memory
        }
    }

    private async Task ForwardAsync()
    {
        await _progress.ActAsync();
        if (_progress.Refusal is not { } refusal)
        {
            _settled.TrySetResult();
            await MoveToAsync(Saga with { Status = SagaStatus.Succeed, NextTime = null, Attempts = 0, Reason = null });
            return;
        }

        var now = services.Clock.GetUtcNow();
        await MoveToAsync(
            Saga with
            {
                Status = SagaStatus.Aborting,
                Reason = SagaReason.From(refusal),
                NextTime = now + services.Options.TakeoverAfter,
                Attempts = 0,
            },
            [.. _progress.Started.Select(b => SagaRows.InsertBranch(Saga.Gid, b.Id, BarrierOps.Action, b.Status, now))]);
    }

    private async Task CompensateAsync()
    {
        await _progress.CompensateAsync();
        var now = services.Clock.GetUtcNow();
        var undone = _progress.Started.Select(
            b => SagaRows.InsertBranch(Saga.Gid, b.Id, BarrierOps.Compensate, BranchStatus.Succeed, now));
        await MoveToAsync(Saga with { Status = SagaStatus.Failed, NextTime = null, Attempts = 0 }, [.. undone]);
    }

    /// <summary>Notes a round that stumbled and waits for the next; false when none comes: parked, or the silo stops.</summary>
    private async Task<bool> StumbleAsync(Exception e)
    {
        // Whatever Orleans throws says that a call or its answer has not come through: silos that stop, die or are crowded.
        var outcomeUnknown = e is TimeoutException or OperationCanceledException or OrleansException
            or StorageUnavailableException or StaleActivationException or TooBusyException;
        if (!outcomeUnknown) _failures++;
        var attempts = ++_attempts;
        var parked = Saga.Status == SagaStatus.Submitted && _failures >= services.Options.FailureLimit;
        var delay = services.Jitter.Spread(Backoff(attempts));
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

    /// <summary>Doubles from the first backoff up to the longest; the exponent is capped before it can overflow.</summary>
    private TimeSpan Backoff(int attempts)
    {
        var doubled = services.Options.FirstBackoff * Math.Pow(2, Math.Min(attempts - 1, 30));
        return doubled < services.Options.MaxBackoff ? doubled : services.Options.MaxBackoff;
    }

    /// <summary>Commits the row's next version, together with rows that ride along, and believes it afterwards.</summary>
    private async Task MoveToAsync(SagaRecord next, params RowChange[] alongside)
    {
        next = next with { Version = Saga.Version + 1 };
        var outcome = await services.Ledger.CommitAsync(
            new WriteSet([SagaRows.Update(next, services.Clock.GetUtcNow()), .. alongside]));
        if (outcome != CommitOutcome.Applied)
        {
            _overtaken = true;
            throw new StaleActivationException($"Saga {next.Gid} is no longer at version {Saga.Version}.");
        }

        if (next.Status != Saga.Status) _attempts = 0;
        _saga = next;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(3001, LogLevel.Warning, "Saga {Gid} stumbled, attempt {Attempt}; again in {DelayMs} ms")]
    private static partial void LogStumbled(ILogger log, Exception e, string gid, int attempt, double delayMs);

    [LoggerMessage(3002, LogLevel.Critical, "Saga {Gid} is parked after {Failures} failed rounds: retry or abort it")]
    private static partial void LogParked(ILogger log, Exception e, string gid, int failures);

    [LoggerMessage(3003, LogLevel.Warning, "Saga {Gid} is given up by this activation; due work resumes it")]
    private static partial void LogStopped(ILogger log, Exception e, string gid);
}
