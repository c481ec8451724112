using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>The committer's statements, each made once and filled anew for each use.</summary>
internal sealed class PostgresStatements
{
    // A number that was revoked has been told not to have committed (PostgresWriter.ReadMark), so it must not: this then changes
    // no row and fails.
    private const string WriteMark = """
        with changed as (
          insert into commit_marks as m (committer, number, revoked, update_time) values ($1, $2, 0, $3)
          on conflict (committer) do update set number = excluded.number, update_time = excluded.update_time
          where m.revoked < excluded.number returning 1)
        select 1 / count(*)::int from changed
        """;

    private const string EnterBarrier = """
        insert into barrier as t (gid, branch_id, op, barrier_id, trans_type, reason, create_time)
        select v.*, $7 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as v
        on conflict do nothing
        """;

    private const string ReadReasons = """
        select t.gid, t.branch_id, t.barrier_id, t.reason
        from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as v(gid, branch_id, op, barrier_id)
        join barrier as t using (gid, branch_id, op, barrier_id)
        """;

    private const string ReturningKeys = EnterBarrier + " returning t.gid, t.branch_id, t.barrier_id";
    private static readonly string s_enterChecked = PostgresSql.Checked(EnterBarrier, expected: 8);
    private static readonly ColumnType[] s_keyColumns = [.. Enumerable.Repeat(ColumnType.Text, 4)];
    private static readonly ColumnType[] s_barrierColumns = [.. Enumerable.Repeat(ColumnType.Text, 6)];

    private readonly NpgsqlParameter<string> _committer = new();
    private readonly NpgsqlParameter<long> _number = new();
    private readonly NpgsqlParameter<long> _time = new();
    private readonly NpgsqlBatchCommand _mark;

    // Rows of actions that compensations try first, and rows of the ops themselves: as often as not both are in one round trip.
    private readonly ArrayStatement _originsChecked = new(s_enterChecked, s_barrierColumns, scalars: 2);
    private readonly ArrayStatement _ownChecked = new(s_enterChecked, s_barrierColumns, scalars: 2);
    private readonly ArrayStatement _origins = new(ReturningKeys, s_barrierColumns, scalars: 1);
    private readonly ArrayStatement _own = new(ReturningKeys, s_barrierColumns, scalars: 1);
    private readonly ArrayStatement _reasons = new(ReadReasons, s_keyColumns);
    private readonly Dictionary<RowShape, ArrayStatement> _checked = [];
    private readonly Dictionary<RowShape, ArrayStatement> _returning = [];

    public PostgresStatements() => _mark = new NpgsqlBatchCommand(WriteMark) { Parameters = { _committer, _number, _time } };

    /// <summary>The commit mark: first in every transaction, and it fails when the batch must not commit any more.</summary>
    public NpgsqlBatchCommand Mark(Batch batch)
    {
        (_committer.TypedValue, _number.TypedValue) = (batch.Committer, batch.Number);
        _time.TypedValue = batch.Time.ToUnixTimeMilliseconds();
        return _mark;
    }

    /// <summary>Enters the barrier; fails unless every key is new and every compensation finds its action.</summary>
    /// <param name="keys">In the order of the primary key.</param>
    public IEnumerable<NpgsqlBatchCommand> EnterChecked(List<BarrierKey> keys, DateTimeOffset now)
    {
        if (Fill(_originsChecked, BarrierRow.Origins(keys), now) > 0) yield return _originsChecked.With(1, 0).Command;
        if (Fill(_ownChecked, BarrierRow.Own(keys), now) > 0) yield return _ownChecked.With(1, keys.Count).Command;
    }

    /// <summary>Enters the barrier: two results, the keys whose origins were inserted, and those whose own rows were.</summary>
    public IEnumerable<NpgsqlBatchCommand> Enter(List<BarrierKey> keys, DateTimeOffset now)
    {
        Fill(_origins, BarrierRow.Origins(keys), now);
        Fill(_own, BarrierRow.Own(keys), now);
        return [_origins.Command, _own.Command];
    }

    /// <summary>The reasons of rows that were there already: of their origins where the ops have any.</summary>
    public NpgsqlBatchCommand Reasons(IEnumerable<BarrierKey> keys)
    {
        _reasons.Clear();
        foreach (var key in keys) _reasons.Add(key.Gid, key.BranchId, Barrier.OpOfReason(key.Op), key.BarrierId);
        return _reasons.Command;
    }

    /// <summary>Makes the changes of a shape, and fails unless each finds its row as it expects it.</summary>
    public NpgsqlBatchCommand ChangeChecked(ChangeGroup group)
    {
        var statement = StatementFor(_checked, group.Shape,
            static shape => PostgresSql.Checked(PostgresSql.For(shape), shape.Columns.Count + 1), scalars: 1);
        return Fill(statement, group).With(0, group.Changes.Count).Command;
    }

    /// <summary>Makes the changes of a shape; its result are the primary keys of the rows that were as expected.</summary>
    public NpgsqlBatchCommand Change(ChangeGroup group) => Fill(ReturningFor(group.Shape), group).Command;

    /// <inheritdoc cref="Change(ChangeGroup)"/>
    public NpgsqlBatchCommand Change(in RowChange change) =>
        ReturningFor(change.Shape).Clear().Add(change.Values.AsSpan()).Command;

    private ArrayStatement ReturningFor(RowShape shape) =>
        StatementFor(_returning, shape, static shape => PostgresSql.Returning(PostgresSql.For(shape), shape.Table), scalars: 0);

    private static ArrayStatement Fill(ArrayStatement statement, ChangeGroup group)
    {
        statement.Clear();
        foreach (var (_, values) in group.Changes) statement.Add(values.AsSpan());
        return statement;
    }

    private static int Fill(ArrayStatement statement, IEnumerable<BarrierRow> rows, DateTimeOffset now)
    {
        var count = 0;
        statement.Clear().With(0, now.ToUnixTimeMilliseconds());
        foreach (var (key, op) in rows)
        {
            statement.Add(key.Gid, key.BranchId, op, key.BarrierId, key.TransType, key.Op);
            count++;
        }

        return count;
    }

    private static ArrayStatement StatementFor(
        Dictionary<RowShape, ArrayStatement> statements, RowShape shape, Func<RowShape, string> sql, int scalars)
    {
        if (statements.TryGetValue(shape, out var statement)) return statement;
        if (statements.Count >= ShapeSql.MostShapes) statements.Clear();
        return statements[shape] = new ArrayStatement(sql(shape), [.. shape.Columns.Select(c => c.Column.Type)], scalars);
    }
}
