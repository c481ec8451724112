using Mall.Ledger.Stores;

namespace Mall.Ledger.MySql;

/// <summary>
/// Writes batches through one connection. Nearly always everything in a batch goes well, so all of it is sent at once as one
/// text, the commit included: one round trip, whatever its size. Every statement adds the rows that it found to <c>@hits</c>, and
/// the commit mark at the end fails when that is not all: then the commit behind it is not executed, and the batch goes the
/// careful way (<see cref="MySqlCarefulWriter"/>), which asks after each step.
/// <para>
/// Isolation is read committed: each update names the values that it expects, and the server checks them on the newest version of
/// a row. Locks are taken in the order barrier rows by key, tables by name, rows by key (<see cref="ChangeGroups"/>), commit
/// mark.
/// </para>
/// One thread at a time; blocks.
/// </summary>
internal sealed class MySqlWriter(MySqlConnections connections, string name, TimeProvider time) : IDisposable
{
    // After that many deadlocks in a row the committer pauses before it tries again.
    private const int MostDeadlocks = 3;

    private const string Count = "set @hits = @hits + row_count();";

    private readonly SqlText _sql = new();
    private readonly ChangeGroups _groups = new();
    private readonly List<BarrierRow> _own = [];
    private readonly List<BarrierRow> _origins = [];
    private MySqlSession? _session;
    private long _largestPacket;
    private bool _hasPredecessors;

    /// <inheritdoc cref="IStore.ApplyAsync"/>
    public void Apply(Batch batch)
    {
        for (var deadlocks = 0; ; deadlocks++)
        {
            var isCommitting = false;
            try
            {
                _session ??= Connect();
                if (batch.Suspects == 0 && !batch.IsProbed && TryCompose(batch, out var text))
                {
                    isCommitting = true;
                    if (TryAtOnce(_session, text)) return;
                    isCommitting = false;
                }

                var careful = new MySqlCarefulWriter(_session, _groups, batch, _largestPacket);
                careful.Write();
                isCommitting = true;
                _session.Execute("commit");
                return;
            }
            catch (Exception failure) when (MySqlErrors.IsRefusal(failure))
            {
                if (MySqlErrors.IsDeadlock(failure) && deadlocks < MostDeadlocks && TryRollback()) continue;
                Disconnect();
                throw MySqlErrors.Failure(StoreFailure.NothingHappened, failure);
            }
            catch (Exception failure) when (MySqlErrors.IsFailure(failure))
            {
                Disconnect();
                throw MySqlErrors.Failure(isCommitting ? StoreFailure.OutcomeUnknown : StoreFailure.NothingHappened, failure);
            }
            catch
            {
                if (!TryRollback()) Disconnect();
                throw;
            }
        }
    }

    /// <inheritdoc cref="IStore.HasCommittedAsync"/>
    public bool HasCommitted(string committer, long number)
    {
        try
        {
            Disconnect();
            _session = Connect();
            MySqlStatements.Revoke(_sql.Clear(), committer, number, time.GetUtcNow());
            _session.Execute(_sql.ToString());
            MySqlStatements.ReadMark(_sql.Clear(), committer);
            return _session.ReadNumber(_sql.ToString()) >= number;
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            Disconnect();
            throw MySqlErrors.Failure(StoreFailure.OutcomeUnknown, failure);
        }
    }

    public void Dispose() => Disconnect();

    /// <summary>Puts the whole transaction into one text. False: it takes the careful way, or is too long for one text.</summary>
    private bool TryCompose(Batch batch, out string text)
    {
        text = "";
        batch.StartPass();
        _own.Clear();
        _origins.Clear();
        for (var i = 0; i < batch.Count; i++)
        {
            if (StorableValues.FaultOf(batch[i]) is not null) return false;
            batch.Settle(i, CommitOutcome.Applied);
            batch.Proceed(i);
            if (batch[i].Barrier is not { } key) continue;
            _own.Add(new BarrierRow(key, key.Op));
            if (Barrier.HasOrigin(key.Op)) _origins.Add(new BarrierRow(key, BarrierOps.Action));
        }

        _own.Sort(static (one, other) => EnteredBarriers.Compare(one.Key, other.Key));
        _groups.Collect(batch);
        _sql.Clear().Add(MySqlStatements.Begin).Add(";set @hits = 0;");
        if (_own.Count > 0)
        {
            MySqlStatements.InsertBarriers(_sql, _own, batch.Time);
            _sql.Add(Count);
        }

        if (_origins.Count > 0)
        {
            MySqlStatements.CountOrigins(_sql.Add("set @hits = @hits + ("), _origins);
            _sql.Add(");");
        }

        var expected = _own.Count + _origins.Count;
        foreach (var group in _groups.Groups)
        {
            MySqlSql.Change(_sql, group.Shape, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(group.Changes), Count);
            expected += group.Changes.Count;
        }

        MySqlStatements.Mark(_sql, batch, $"@hits = {expected}");
        _sql.Add("commit;select 1");
        if (_sql.Length > _largestPacket) return false;
        text = _sql.ToString();
        return true;
    }

    /// <summary>One round trip. False: somebody in the batch is not served that easily, and nothing happened.</summary>
    private static bool TryAtOnce(MySqlSession session, string text)
    {
        try
        {
            session.ExecuteAll(text);
            return true;
        }
        catch (Exception failure) when (MySqlErrors.IsFaultOfStatement(failure))
        {
            session.Execute("rollback");
            return false;
        }
    }

    private MySqlSession Connect()
    {
        var session = connections.Open();
        try
        {
            // A lock by name tells which session is the predecessor's, if the server has not yet found out that its client has
            // gone: it may hold locks on rows. It ends before this one begins.
            if (_hasPredecessors && session.ReadNumber($"select coalesce(is_used_lock('{name}'), 0)") is > 0 and var predecessor)
                Kill(session, predecessor);
            if (session.ReadNumber($"select coalesce(get_lock('{name}', 5), 0)") != 1)
                throw new TimeoutException("The session before has not ended.");
            _hasPredecessors = true;

            // Less some room for the protocol's own bytes.
            _largestPacket = session.ReadNumber("select @@max_allowed_packet") - 1_024;
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static void Kill(MySqlSession session, long id)
    {
        try
        {
            session.Execute($"kill {id}");
        }
        catch (Exception failure) when (MySqlErrors.IsUnknownThread(failure))
        {
            // It has ended meanwhile.
        }
    }

    private bool TryRollback()
    {
        try
        {
            _session?.Execute("rollback");
            return true;
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            return false;
        }
    }

    private void Disconnect()
    {
        _session?.Dispose();
        _session = null;
    }
}
