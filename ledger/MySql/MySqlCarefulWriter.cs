using MySqlConnector;

namespace Mall.Ledger.MySql;

/// <inheritdoc/>
/// <remarks>It looks before each step, because this database does not say which rows a statement has changed.</remarks>
internal sealed class MySqlCarefulWriter(MySqlConnection connection, ChangeGroups groups, Batch batch, long largestPacket)
    : CarefulWriter(groups, batch, MySqlErrors.Instance)
{
    // Another silo inserts a barrier row between the look and the insert: then it is there at the next look.
    private const int MostRaces = 3;

    private readonly SqlText _sql = new();

    public override Task<int> ExecuteAsync(string sql) => MySqlText.ExecuteAsync(connection, sql);

    protected override async Task BeginAsync()
    {
        MySqlStatements.Mark(_sql.Clear().Add(MySqlStatements.Begin).Add(";"), Batch, "true");
        try
        {
            await ExecuteAsync(_sql.ToString());
        }
        catch (MySqlException revoked) when (MySqlErrors.IsFailedCheck(revoked))
        {
            await ExecuteAsync("rollback");
            throw new StoreException(
                StoreFailure.NothingHappened, $"batch {Batch.Number} has been told not to have committed", revoked);
        }
    }

    protected override async Task<EnteredBarriers> EnterAsync(List<BarrierKey> keys)
    {
        for (var races = 0; ; races++)
        {
            try
            {
                return keys.Count == 0 ? new EnteredBarriers() : await LookAndEnterAsync(keys);
            }
            catch (MySqlException failure) when (MySqlErrors.Instance.IsUniqueViolation(failure) && races < MostRaces)
            {
                // The server has undone the insert, and nothing else.
            }
        }
    }

    private async Task<EnteredBarriers> LookAndEnterAsync(List<BarrierKey> keys)
    {
        var entered = new EnteredBarriers();
        List<BarrierRow> wanted = [.. BarrierRow.Origins(keys), .. BarrierRow.Own(keys)];
        MySqlStatements.FindBarriers(_sql.Clear(), wanted);
        var present = (await MySqlText.ReadAsync(connection, _sql.ToString(), row =>
            (Key: (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)), Reason: row.GetString(4))))
            .ToDictionary(row => row.Key, row => row.Reason);
        var missing = wanted.FindAll(row => !present.ContainsKey((row.Key.Gid, row.Key.BranchId, row.Op, row.Key.BarrierId)));
        foreach (var (key, op) in missing)
            (op == key.Op ? entered.Own : entered.Origins).Add((key.Gid, key.BranchId, key.BarrierId));
        foreach (var key in keys.Where(entered.NeedsReason))
            entered.Reasons[(key.Gid, key.BranchId, key.BarrierId)] =
                present[(key.Gid, key.BranchId, Barrier.OpOfReason(key.Op), key.BarrierId)];
        if (missing.Count == 0) return entered;
        MySqlStatements.InsertBarriers(_sql.Clear(), missing, Batch.Time);
        await ExecuteAsync(_sql.ToString());
        return entered;
    }

    protected override async Task ChangeTogetherAsync(IReadOnlyList<ChangeGroup> changes)
    {
        foreach (var group in changes) await ChangeOrSuspectAsync(group.Shape, group.Changes.ToArray());
    }

    protected override Task<int> ChangeAsync(RowChange change)
    {
        MySqlSql.Change(_sql.Clear(), change.Shape, [(0, change.Values)]);
        return _sql.Length <= largestPacket
            ? ExecuteAsync(_sql.ToString())
            : throw new LedgerFaultException(
                $"The database will never accept {change.Shape}: it is larger than max_allowed_packet.");
    }

    /// <summary>If an insert fails, whose it was is found out by halves.</summary>
    private async Task ChangeOrSuspectAsync(RowShape shape, ArraySegment<(int Position, Value[] Values)> changes)
    {
        MySqlSql.Change(_sql.Clear(), shape, changes);
        if (_sql.Length > largestPacket / 2)
        {
            await HalveAsync(shape, changes);
            return;
        }

        try
        {
            if (shape.Operation == RowOperation.Insert) await ExecuteAsync(_sql.ToString());
            else await UpdateOrSuspectAsync(shape, changes);
        }
        catch (MySqlException failure) when (MySqlErrors.Instance.IsFaultOfStatement(failure))
        {
            if (shape.Operation == RowOperation.Insert && MySqlErrors.Instance.IsUniqueViolation(failure))
                await HalveAsync(shape, changes);
            else foreach (var (position, _) in changes) Batch.SuspectContributors(position);
        }
    }

    // The server has undone the statement that failed, and only that.
    private async Task HalveAsync(RowShape shape, ArraySegment<(int Position, Value[] Values)> changes)
    {
        if (changes.Count == 1)
        {
            Batch.SuspectContributors(changes[0].Position);
            return;
        }

        await ChangeOrSuspectAsync(shape, changes[..(changes.Count / 2)]);
        await ChangeOrSuspectAsync(shape, changes[(changes.Count / 2)..]);
    }

    private async Task UpdateOrSuspectAsync(RowShape shape, ArraySegment<(int Position, Value[] Values)> changes)
    {
        MySqlSql.Find(_sql.Clear(), shape, changes);
        var found = (await MySqlText.ReadAsync(connection, _sql.ToString(), row => (int)row.GetInt64(0))).ToHashSet();
        for (var i = 0; i < changes.Count; i++)
            if (!found.Contains(i + 1)) Batch.SuspectContributors(changes[i].Position);
        if (found.Count < changes.Count) return; // This pass will be undone.
        MySqlSql.Change(_sql.Clear(), shape, changes);
        await ExecuteAsync(_sql.ToString());
    }
}
