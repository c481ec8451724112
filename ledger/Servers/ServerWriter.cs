namespace Mall.Ledger.Servers;

/// <summary>
/// Writes batches through one connection. Nearly always everything in a batch goes well, so all of it is sent at once, the commit
/// included: one round trip, whatever its size. When somebody in it is not served that easily, nothing has happened, and the
/// batch goes the careful way (<see cref="CarefulWriter"/>), which asks after each step.
/// <para>
/// Isolation is read committed: each update names the values that it expects, and the server checks them on the newest version of
/// a row, so a stronger level would only add errors.
/// </para>
/// One caller at a time.
/// </summary>
internal abstract class ServerWriter(ServerErrors errors) : IAsyncDisposable
{
    // After that many deadlocks in a row the committer pauses before it tries again.
    private const int MostDeadlocks = 3;

    private DbConnection? _connection;
    private bool _hasPredecessors;

    /// <summary>The changes of the batch that is being written.</summary>
    protected ChangeGroups Groups { get; } = new();

    /// <summary>Its barrier keys, in the order in which every process inserts them.</summary>
    protected List<BarrierKey> Keys { get; } = [];

    /// <inheritdoc cref="IStore.ApplyAsync"/>
    public async ValueTask ApplyAsync(Batch batch)
    {
        for (var deadlocks = 0; ; deadlocks++)
        {
            var isCommitting = false;
            try
            {
                if (_connection is null) await ConnectAsync();
                if (batch.Suspects == 0 && !batch.IsProbed && TryProceed(batch) && TryCompose(batch))
                {
                    isCommitting = true;
                    if (await TryAtOnceAsync()) return;
                    isCommitting = false;
                }

                var careful = Careful(batch);
                await careful.WriteAsync();
                isCommitting = true;
                await careful.ExecuteAsync("commit");
                return;
            }
            catch (Exception failure) when (errors.IsRefusal(failure))
            {
                if (errors.IsDeadlock(failure) && deadlocks < MostDeadlocks && await TryRollbackAsync()) continue;
                await DisconnectAsync();
                throw errors.Failure(StoreFailure.NothingHappened, failure);
            }
            catch (Exception failure) when (errors.IsFailure(failure))
            {
                await DisconnectAsync();
                throw errors.Failure(isCommitting ? StoreFailure.OutcomeUnknown : StoreFailure.NothingHappened, failure);
            }
            catch
            {
                if (!await TryRollbackAsync()) await DisconnectAsync();
                throw;
            }
        }
    }

    /// <inheritdoc cref="IStore.HasCommittedAsync"/>
    /// <remarks>
    /// Asks by writing: it waits for whoever has the mark's row locked, also when that transaction is the one that inserts it,
    /// and it revokes the number, so that what is still on its way to the server cannot commit after this has said that it has
    /// not.
    /// </remarks>
    public async ValueTask<bool> HasCommittedAsync(string committer, long number)
    {
        try
        {
            await DisconnectAsync();
            await ConnectAsync();
            return await RevokeAsync(committer, number) >= number;
        }
        catch (Exception failure) when (errors.IsFailure(failure))
        {
            await DisconnectAsync();
            throw errors.Failure(StoreFailure.OutcomeUnknown, failure);
        }
    }

    public ValueTask DisposeAsync() => DisconnectAsync();

    protected abstract Task<DbConnection> OpenAsync();

    /// <summary>Gets a new connection ready.</summary>
    /// <param name="hasPredecessors">There were others, which the server may not yet know to be dead: they hold locks.</param>
    protected abstract Task PrepareAsync(bool hasPredecessors);

    /// <summary>Puts the whole transaction together. False: it takes the careful way.</summary>
    protected abstract bool TryCompose(Batch batch);

    /// <summary>One round trip. False: somebody in the batch is not served that easily, and nothing happened.</summary>
    protected abstract ValueTask<bool> TryAtOnceAsync();

    protected abstract CarefulWriter Careful(Batch batch);

    /// <returns>The last number that the committer has committed.</returns>
    protected abstract Task<long> RevokeAsync(string committer, long number);

    /// <summary>Ends a transaction, if there is one.</summary>
    protected abstract Task RollbackAsync();

    // All are expected to go on. What no database can hold takes the careful way, where its author is told.
    private bool TryProceed(Batch batch)
    {
        batch.StartPass();
        Keys.Clear();
        for (var i = 0; i < batch.Count; i++)
        {
            if (StorableValues.FaultOf(batch[i]) is not null) return false;
            batch.Settle(i, CommitOutcome.Applied);
            batch.Proceed(i);
            if (batch[i].Barrier is { } key) Keys.Add(key);
        }

        Keys.Sort(EnteredBarriers.Compare);
        Groups.Collect(batch);
        return true;
    }

    private async Task ConnectAsync()
    {
        _connection = await OpenAsync();
        try
        {
            await PrepareAsync(_hasPredecessors);
            _hasPredecessors = true;
        }
        catch
        {
            await DisconnectAsync();
            throw;
        }
    }

    private async Task<bool> TryRollbackAsync()
    {
        try
        {
            if (_connection is not null) await RollbackAsync();
            return true;
        }
        catch (Exception failure) when (errors.IsFailure(failure))
        {
            return false;
        }
    }

    private async ValueTask DisconnectAsync()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        await connection.DisposeAsync();
    }
}
