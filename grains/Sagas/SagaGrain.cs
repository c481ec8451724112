namespace Mall.Sagas;

/// <summary>
/// The engine: one grain drives one saga. It commits the intent before it calls the first branch (or with it, see
/// <see cref="SagaKind{TIntent}.Opening"/>), the decision to abort before the first compensation (or with it, see
/// <see cref="SagaKind{TIntent}.Undoing"/>), and a failed end before it answers. A client is told of success as
/// soon as every branch is known to be done: nothing can undo that any more, and the row that says so is written behind the
/// answer.
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
    private Beginning? _begin;               // under way, or the one that found or made the row
    private Task? _run;
    private Task _unparking = Task.CompletedTask;
    private TaskCompletionSource _settled = NewSignal(); // set when it is known how the saga ends, or its run has stopped
    private TaskCompletionSource _decided = NewSignal(); // set when it is durable that the saga aborts, or it is settled
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

    private bool HasFailedTooOften => Saga.Status == SagaStatus.Submitted && _failures >= services.Options.FailureLimit;

    /// <summary>A saga that waits for an operator: nobody else takes it up.</summary>
    private bool IsParked => Saga.NextTime is null && !SagaStatus.HasEnded(Saga.Status) && !IsRunning;

    /// <summary>Makes the intent durable, once, and starts the saga. Whoever repeats the request gets the first intent.</summary>
    /// <param name="requestHash">What is asked for under an idempotency key, or null without one.</param>
    /// <param name="decide">
    /// Decides what the saga will do, or refuses. Called before anything is durable, so it may be called again.
    /// </param>
    /// <param name="recall">Looks for what this very saga has made, should its own row have been cleaned up since.</param>
    protected async Task<Result<TIntent>> BeginAsync(
        string? requestHash, long userId, Func<Task<Result<TIntent>>> decide, Func<Task<SagaRemains<TIntent>?>> recall)
    {
        while (true)
        {
            var begin = _begin ??= new Beginning(requestHash, BeginOnceAsync(requestHash, userId, decide, recall));
            try
            {
                if (await begin.Ending is not { } refusal) return Begun(requestHash);

                // Nothing is durable, and the key is free again: who asks for something else under it is decided anew.
                Forget(begin);
                if (begin.RequestHash == requestHash) return refusal;
            }
            catch
            {
                // The row may be there or not. The next request inserts again and finds out.
                Forget(begin);
                throw;
            }
        }
    }

    private void Forget(Beginning begin)
    {
        if (_begin == begin) _begin = null;
        LeaveUnlessBusy();
    }

    /// <summary>
    /// Gives this activation up unless something is under way in it, whose end will. Once it is to go it lets nobody in, no
    /// operator either, before all are out.
    /// </summary>
    protected virtual void LeaveUnlessBusy()
    {
        if (!IsRunning && _unparking.IsCompleted && _begin is not { Ending.IsCompleted: false }) DeactivateOnIdle();
    }

    private Result<TIntent> Begun(string? requestHash) => Saga.RequestHash == requestHash ? _intent! : IdempotencyRows.Reused;

    /// <summary>The intent of a saga that has begun; null when none has.</summary>
    /// <param name="requestHash">As it was when it began.</param>
    /// <param name="recall">As in <see cref="BeginAsync"/>.</param>
    protected async Task<Result<TIntent>?> FindAsync(string? requestHash, Func<Task<SagaRemains<TIntent>?>> recall)
    {
        if (await LoadAsync()) return Begun(requestHash);
        LeaveUnlessBusy();
        return await RecallAsync(requestHash, recall) switch
        {
            null => null,
            { Refusal: { } refusal } => refusal,
            _ => Begun(requestHash),
        };
    }

    /// <summary>Waits until it is known how the saga ends: null when it succeeds, else why it has failed.</summary>
    /// <exception cref="TimeoutException">It is parked: how it will end is unknown.</exception>
    /// <exception cref="StaleActivationException">Another activation has taken it over, or will.</exception>
    protected async Task<Refusal?> EndAsync()
    {
        if (IsParked)
        {
            LeaveUnlessBusy(); // An operator may unpark it elsewhere, and this activation would not hear of it.
        }
        else if (!SagaStatus.HasEnded(Saga.Status))
        {
            Start();
            await _settled.Task;
        }

        return Saga.Status switch
        {
            SagaStatus.Succeed => null,
            SagaStatus.Failed => SagaReason.ToRefusal(Saga.Reason) with { IsSealed = true },
            _ when _progress.IsDone => null,
            _ when _stoppedBy is StaleActivationException or StorageUnavailableException => throw _stoppedBy,
            _ when IsLeaving => throw new StaleActivationException($"Saga {Saga.Gid} goes on elsewhere: this silo stops."),
            _ => throw new TimeoutException($"Saga {Saga.Gid} waits for an operator."),
        };
    }

    public async Task Resume()
    {
        if (await LoadAsync() && !SagaStatus.HasEnded(Saga.Status) && !IsParked) Start();
        else LeaveUnlessBusy();
    }

    public async Task<Result<Done>> Retry()
    {
        if (await RefuseUnlessOpenAsync() is { } refusal) return refusal;
        if (IsRunning && HasFailedTooOften)
        {
            await _run!; // It hears nobody any more, and ends when its row says that it is parked.
            if (_stoppedBy is { } why) throw why;
        }

        _failures = 0;
        _wake.TrySetResult();
        await UnparkAsync();
        Start();
        return Done.It;
    }

    /// <summary>From here on somebody takes it up again should this silo die.</summary>
    private async Task UnparkAsync()
    {
        if (!IsParked) return;

        // Those who retry at once share one write: of two the second would take the first for another activation's.
        if (_unparking.IsCompleted)
            _unparking = MoveToAsync(Saga with { NextTime = services.Clock.GetUtcNow() + services.Options.TakeoverAfter });
        await _unparking;
    }

    public async Task<Result<Done>> Abort()
    {
        if (await RefuseUnlessOpenAsync() is { } refusal) return refusal;

        if (kind.OnlyForward)
            return Result.Refused(ErrorCodes.SagaStatusForbids, $"A saga of kind {kind.Name} only goes forward: retry it.");
        if (_progress.IsDone) return Succeeded(); // Its client may have been told.
        if (Saga.Status == SagaStatus.Aborting)
        {
            _wake.TrySetResult();
            await UnparkAsync();
            Start();
            return Done.It;
        }

        _progress.Refuse(Result.Refused(ErrorCodes.SagaStatusForbids, "The request was aborted by an operator."));
        _wake.TrySetResult();
        Start();
        await _decided.Task;
        return Saga.Status switch
        {
            SagaStatus.Succeed => Succeeded(),
            SagaStatus.Submitted => throw _stoppedBy ?? new StaleActivationException($"Saga {Saga.Gid} goes on elsewhere."),
            _ => Done.It,
        };

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

    private async Task<Refusal?> BeginOnceAsync(
        string? requestHash, long userId, Func<Task<Result<TIntent>>> decide, Func<Task<SagaRemains<TIntent>?>> recall)
    {
        if (_saga is not null) return null;
        Result<TIntent> decided;
        try
        {
            decided = await decide();
        }
        catch (TimeoutException)
        {
            decided = await decide(); // Nothing is durable: what a dead silo took with it is asked again while the client waits.
        }

        // A repeat must get the first answer even where a fresh request would be refused by now, so the row is looked for before
        // refusing: without a key, too, for the cart and the front door repeat what they have no answer to. When nothing is
        // refused the insert itself finds out, and a fresh order pays for no read.
        if (decided.IsRefused)
        {
            if (await LoadAsync()) return null;
            return await RecallAsync(requestHash, recall) is { } recalled ? recalled.Refusal : decided.Refusal;
        }

        var now = services.Clock.GetUtcNow();
        var saga = new SagaRecord(
            this.GetPrimaryKeyString(), kind.Name, SagaStatus.Submitted, kind.Write(decided.Value), requestHash, userId,
            Reason: null, Attempts: 0, Version: 1, NextTime: now + services.Options.TakeoverAfter, TraceParent: LaterTraces.Here);
        var opening = kind.Opening(saga, decided.Value, now);
        var beginning = await kind.BeginningAsync(saga.Gid, decided.Value, now);
        var writes = new WriteSet(opening?.Barrier, [SagaRows.Insert(saga, now), .. opening?.Changes ?? [], .. beginning]);
        switch (await services.Ledger.CommitAsync(writes))
        {
            case CommitOutcome.Applied:
                // The row is there for all to see before its acknowledgement is: due work may have come first and have this very
                // activation load and run it. That run's progress must not be replaced.
                if (_saga is null)
                {
                    Adopt(saga, decided.Value, startedBefore: _ => false);
                    // A barrier of another gid is that of the request's key: see IdempotencyRows.
                    if (opening?.Barrier is { } barrier && barrier.Gid == saga.Gid) _progress.NoteActed(barrier.BranchId);
                }

                Start();
                return null;
            case CommitOutcome.Conflict or CommitOutcome.Duplicate or CommitOutcome.Suspended when await LoadAsync():
                return null;
            case var outcome:
                return await RecallAsync(requestHash, recall) is { } recalled
                    ? recalled.Refusal
                    : throw new UnreachableException($"Inserting saga {saga.Gid} came to {outcome}, and no row is there.");
        }
    }

    /// <summary>
    /// Takes what an earlier saga of this gid has left for its row, which has been cleaned up: the key means the same for ever.
    /// Null when it has left nothing, refused when it was asked for something else.
    /// </summary>
    private async Task<Result<Done>?> RecallAsync(string? requestHash, Func<Task<SagaRemains<TIntent>?>> recall)
    {
        if (await recall() is not { } remains)
        {
            // Something else than a saga has been made under this key, and entered the barrier for it: see IdempotencyRows.
            if (requestHash is null) return null;
            var barrier = await services.Ledger.QueryAsync(SagaRows.BarrierOf, this.GetPrimaryKeyString());
            return barrier.Count == 0 ? null : await LoadAsync() ? Done.It : IdempotencyRows.Reused;
        }

        // A saga commits its row with what it makes, perhaps since the row was looked for: what is found tells of a clean-up only
        // if there is no row behind it either.
        if (await LoadAsync()) return Done.It;
        if (!remains.IsSameRequest) return IdempotencyRows.Reused;
        var reason = remains.Refusal is { } refusal ? SagaReason.From(refusal) : null;
        _intent = remains.Intent;
        _saga = new SagaRecord(
            this.GetPrimaryKeyString(), kind.Name, reason is null ? SagaStatus.Succeed : SagaStatus.Failed, Payload: null,
            requestHash, UserId: 0, reason, Attempts: 0, Version: 0, NextTime: null);
        DeactivateOnIdle(); // What has ended is found again.
        return Done.It;
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
            var intent = await kind.ReadAsync(saga); // Before the take-over: who has that goes on at once.
            if (SagaStatus.HasEnded(saga.Status))
            {
                DeactivateOnIdle(); // It is answered from memory no more than this once: many may be asked for.
            }
            else
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
                    saga, intent,
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
        return SagaStatus.HasEnded(Saga.Status) ? Ended() : null;
    }

    private Refusal Ended() => Result.Refused(ErrorCodes.SagaStatusForbids, $"The saga has ended: {Saga.Status}.");

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A request that is being made durable, or has been.</summary>
    private sealed record Beginning(string? RequestHash, Task<Refusal?> Ending);
}
