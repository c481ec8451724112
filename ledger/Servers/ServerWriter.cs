namespace Mall.Ledger.Servers;

/// <summary>Writes batches through one connection, each in one round trip, the commit included. When the server refuses one,
/// nothing has happened: a look finds out what committed rows say of each write set, and the rest is sent again; if that is
/// nothing, the batch is refused (docs/decisions/0011). Whoever is to be <em>written</em> is never judged by a look, but by the
/// statement that writes it: each names the values that it expects, so read committed is isolation enough. One caller at a
/// time.</summary>
/// <param name="revoke">Revokes number <c>@p2</c> of committer <c>@p1</c> at the time <c>@p3</c>, and says its last one.</param>
internal abstract class ServerWriter(DbDataSource source, ServerErrors errors, TimeProvider time, Query<long> revoke)
    : IAsyncDisposable
{
    /// <summary>Tells the sessions of committers, of this process and of others, from everybody else's.</summary>
    public const string CommitterPrefix = "mall-committer-";

    /// <summary>How long a statement waits for a lock: as a rule longer than another silo's commit holds it.</summary>
    public static readonly TimeSpan LockWait = TimeSpan.FromMilliseconds(200);

    // As a rule the second attempt, without those of whom something was found out, is the last.
    private const int MostAttempts = 4;

    private DbConnection? _connection;

    // Repeated and null compensations come in swarms: as long as they do, a look at barriers comes first. It is the cheaper way.
    private bool _expectsRepeats;

    /// <summary>What its sessions are called. Not from the seeded source: whoever takes the same name ends them.</summary>
    protected string Name { get; } = CommitterPrefix + RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>The committer's, open and ready.</summary>
    protected DbConnection Connection => _connection ?? throw new UnreachableException();

    /// <summary>The changes of the batch that is being written, or looked at.</summary>
    protected List<ChangeGroup> Groups { get; private set; } = [];

    /// <summary>Those of them that are written behind all barrier rows.</summary>
    protected IEnumerable<ChangeGroup> Written => Groups.Where(group => group.Shape != BarrierTable.Insert);

    /// <summary>Barrier rows that must be new, by key: a transaction's are neighbours.</summary>
    protected ChangeGroup Own { get; } = new(BarrierTable.Insert);

    /// <summary>Rows that are inserted unless they are there: both of each null compensation that is expected.</summary>
    protected ChangeGroup Markers { get; } = new(BarrierTable.Insert);

    /// <summary>Rows of origins, which must then be there for the reasons that stand in them.</summary>
    protected ChangeGroup Origins { get; } = new(BarrierTable.Reason);

    public async ValueTask ApplyAsync(Batch batch)
    {
        Exception? refusal = null; // Of the last attempt.
        for (var attempts = 1; ; attempts++)
        {
            var isReady = false; // There is a session. Nothing that was refused in it could still be committed.
            try
            {
                if (_connection is null) await ConnectAsync();
                isReady = true;
                if (refusal is null) await LookFirstAsync(batch);
                else if (!await TryMendAsync(batch, refusal, attempts)) return;
                if (Collect(batch)) await WriteAsync(batch, isAgain: batch.HasWaited || attempts > 1);
                return;
            }
            catch (Exception e) when (isReady && errors.IsRefusal(e) && attempts <= MostAttempts) { refusal = e; }
            catch (Exception failure) when (errors.IsFailure(failure))
            {
                // What breaks now may have broken after the commit.
                var known = !isReady ? StoreFailure.NothingHappened
                    : errors.IsRefusal(failure) ? KnownAfter(failure) : StoreFailure.OutcomeUnknown;
                await DisconnectAsync();
                throw errors.Failure(known, failure);
            }
        }
    }

    /// <inheritdoc cref="IStore.HasCommittedAsync"/>
    /// <remarks>Asks by writing, which waits for a transaction that is still under way, and revokes the number for one that is
    /// still on its way (docs/decisions/0003).</remarks>
    public async ValueTask<bool> HasCommittedAsync(string committer, long number)
    {
        try
        {
            await ConnectAsync();
            return (await AskAsync(revoke, committer, number, time.GetUtcNow()))[^1] >= number;
        }
        catch (Exception failure) when (errors.IsFailure(failure))
        {
            await DisconnectAsync();
            throw errors.Failure(StoreFailure.OutcomeUnknown, failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        await source.DisposeAsync();
    }

    /// <summary>Gets a new connection ready, and ends one before it, which the server may not yet know to be dead: it holds
    /// locks.</summary>
    protected abstract Task PrepareAsync();

    /// <summary>Sends all of it, the commit included. Fails unless every barrier row and every change is as expected.</summary>
    /// <param name="isAgain">Somebody in it may have waited for a lock already: nearly no wait this time.</param>
    protected abstract ValueTask WriteAsync(Batch batch, bool isAgain);

    /// <summary>What it means that the only write set that is still open was refused, and no look explains it: that no database
    /// will ever accept it, or, when it is null, a conflict.</summary>
    /// <exception cref="StoreException">It was something else, which may be over by now.</exception>
    protected abstract LedgerFaultException? Judge(Exception refusal);

    /// <summary>Ends what was refused, and looks, in order and in one round trip: everybody waits for it.</summary>
    protected abstract Task SeeAsync(IReadOnlyList<Look> looks);

    /// <summary>Notes what was seen: a result for each look.</summary>
    protected static async Task ReadAsync(DbDataReader reader, IReadOnlyList<Look> looks)
    {
        foreach (var (_, sights, onlyFree) in looks)
        {
            while (await reader.ReadAsync())
                sights[reader.GetInt64(0) - 1] = new Sight(true, onlyFree, reader.GetBoolean(1), reader.GetBoolean(2));
            await reader.NextResultAsync();
        }
    }

    protected Task<IReadOnlyList<T>> AskAsync<T>(Query<T> query, params Value[] parameters) =>
        new Statement<T>(query, parameters).ReadAsync(Connection);

    /// <summary>A look at the rows of a group's changes, all of them or those that nobody has locked.</summary>
    protected sealed record Look(ChangeGroup Group, Sight[] Sights, bool OnlyFree = false);

    /// <summary>What a look sees of the row of a change: when it is there, whether nobody has it locked, its guards hold, and
    /// nothing gets negative by what is added.</summary>
    protected record struct Sight(bool IsThere, bool IsFree, bool IsGuarded, bool IsEnough);

    /// <summary>Puts together what is to be written for those that are still open. False: nothing.</summary>
    private bool Collect(Batch batch)
    {
        batch.StartPass(batch.Pending);
        foreach (var group in (ChangeGroup[])[Own, Markers, Origins]) group.Changes.Clear();
        for (var i = 0; i < batch.Count; i++)
        {
            var pending = batch.Pending[i];
            if (!pending.IsOpen) continue;
            if (StorableValues.FaultOf(pending.Writes) is { } fault) batch.Find(pending, default, fault); // It is never sent.
            else Collect(batch, pending, i);
        }

        Groups = ChangeGroup.Of(batch);
        foreach (var rows in Groups.Where(group => group.Shape == BarrierTable.Insert)) Own.Changes.AddRange(rows.Changes);
        Own.Sort();
        Markers.Sort();
        return batch.Open > 0;
    }

    private void Collect(Batch batch, PendingCommit pending, int i)
    {
        var isNull = false;
        if (pending.Writes.Barrier is { } key)
        {
            var origin = Barrier.OriginOf(key.Op);
            var time = pending.Writes.Time ?? batch.Time;
            isNull = origin is not null && pending.ExpectsNull;
            (isNull ? Markers : Own).Changes.Add((i, BarrierTable.New(key, key.Op, time)));
            if (isNull) Markers.Changes.Add((i, BarrierTable.New(key, origin!, time)));
            if (origin is not null) Origins.Changes.Add((i, BarrierTable.Expected(key, origin, isNull ? key.Op : origin)));
        }

        pending.Settle(isNull ? CommitOutcome.NullCompensation : CommitOutcome.Applied);
        if (!isNull || pending.Writes.IsRefusal) batch.Proceed(pending);
    }

    private async Task LookFirstAsync(Batch batch)
    {
        if (batch.HasWaited) await LookAsync(batch);
        else if (_expectsRepeats && Collect(batch) && Origins.Changes.Count > 0)
            _expectsRepeats = await LookAtBarriersAsync(batch);
    }

    /// <summary>After a refusal: whether there is something to be written that may do better.</summary>
    /// <exception cref="StoreException">There is nothing to be done here.</exception>
    private async Task<bool> TryMendAsync(Batch batch, Exception refusal, int attempts)
    {
        var known = KnownAfter(refusal);
        var isLast = attempts > MostAttempts;
        if (errors.AnswerOf(refusal) == ServerAnswer.Deadlock && !isLast) return true;
        if (known != StoreFailure.NothingHappened && await LookAsync(batch) && !isLast) return true;
        if (known == StoreFailure.Locked && attempts == 2) return true; // Nobody has it any more.
        if (known == StoreFailure.NothingHappened) await DisconnectAsync(); // The session itself, read-only say, may be wrong.
        if (known != StoreFailure.Refused || batch.Open != 1) throw errors.Failure(known, refusal);
        batch.Pending.First(pending => pending.IsOpen).Settle(CommitOutcome.Conflict, Judge(refusal));
        return false;
    }

    private StoreFailure KnownAfter(Exception refusal) =>
        errors.AnswerOf(refusal) == ServerAnswer.LockTimeout ? StoreFailure.Locked
        : errors.IsFaultOfStatement(refusal) ? StoreFailure.Refused : StoreFailure.NothingHappened;

    /// <summary>Finds out what it can, and says whether that is anything.</summary>
    private async Task<bool> LookAsync(Batch batch)
    {
        var before = batch.Findings;
        Collect(batch);
        var all = Groups.ConvertAll(group => new Look(group, new Sight[group.Changes.Count]));
        var free = from look in all where look.Group.Shape.Operation != RowOperation.Insert select look with { OnlyFree = true };
        try
        {
            // Rows first: when another process has written what is seen of them, its barrier row is there by then and says so.
            if (await LookAtBarriersAsync(batch, [.. all, .. free])) return _expectsRepeats = true;
            foreach (var (group, sights, _) in all)
                for (var i = 0; i < sights.Length; i++) Note(batch, group.Shape, group.Changes[i].Position, sights[i]);
        }
        catch (Exception failure) when (errors.IsFaultOfStatement(failure)) { } // Its author is found by halves.

        return batch.Findings > before;
    }

    private async Task<bool> LookAtBarriersAsync(Batch batch, params List<Look> first)
    {
        var before = batch.Findings;
        var rows = new ChangeGroup(BarrierTable.Reason); // Two for each: its own, and its origin's, which may be the same.
        for (var i = 0; i < batch.Count; i++)
        {
            if (!batch.Pending[i].IsOpen || batch[i].Barrier is not { } key) continue;
            var origin = Barrier.OpOfReason(key.Op);
            rows.Changes.Add((i, BarrierTable.Expected(key, key.Op, key.Op)));
            rows.Changes.Add((i, BarrierTable.Expected(key, origin, origin)));
        }

        var sights = new Sight[rows.Changes.Count];
        if (sights.Length > 0) first.Add(new Look(rows, sights));
        if (first.Count > 0) await SeeAsync(first);
        for (var k = 0; k < sights.Length; k += 2)
        {
            var (pending, own, origin) = (batch.Pending[rows.Changes[k].Position], sights[k], sights[k + 1]);
            var (op, isRefusal) = (pending.Writes.Barrier!.Value.Op, pending.Writes.IsRefusal);
            var isNull = Barrier.OriginOf(op) is not null && !origin.IsThere;
            var reason = origin.IsGuarded ? Barrier.OpOfReason(op) : null;
            if (isRefusal && reason is not null) batch.Find(pending, CommitOutcome.Duplicate);
            else if (!isNull && Barrier.Decide(op, false, inserted: !own.IsThere, reason) is { } known)
                batch.Find(pending, known);
            else if (!isRefusal) batch.Expect(pending, isNull);
        }

        return batch.Findings > before;
    }

    private static void Note(Batch batch, RowShape shape, int change, Sight sight)
    {
        var isInsert = shape.Operation == RowOperation.Insert;
        var isConflict = isInsert
            ? sight.IsThere
            : !sight.IsGuarded || (!sight.IsEnough && batch.Changes[change].Contributors == 1); // Of several, some may be served.
        if (!isInsert && sight is { IsThere: true, IsFree: false }) batch.HoldBack(change);
        else if (isConflict) batch.FindConflict(change);
    }

    private async Task ConnectAsync()
    {
        await DisconnectAsync();
        _connection = await source.OpenConnectionAsync();
        await PrepareAsync();
    }

    private async ValueTask DisconnectAsync()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        await connection.DisposeAsync();
    }
}
