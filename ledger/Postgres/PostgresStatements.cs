using Npgsql;
using Db = NpgsqlTypes.NpgsqlDbType;

namespace Mall.Ledger.Postgres;

/// <summary>
/// The committer's statements, each made once a shape and use, and filled anew for each use. Their parameters are arrays, one a
/// column; the driver prepares them on the connection when they are used again.
/// </summary>
internal sealed class PostgresStatements
{
    // A number that was revoked has been told not to have committed (PostgresWriter.RevokeAsync), so it must not: this then
    // changes no row and fails.
    private const string WriteMark = """
        with changed as (
          insert into commit_marks as m (committer, number, revoked, update_time, position)
          values ($1, $2, 0, $3, list_position(pg_current_xact_id()))
          on conflict (committer) do update
          set number = excluded.number, update_time = excluded.update_time, position = excluded.position
          where m.revoked < excluded.number returning 1)
        select 1 / count(*)::int from changed
        """;

    private readonly NpgsqlParameter<string> _committer = new();
    private readonly NpgsqlParameter<long> _number = new();
    private readonly NpgsqlParameter<long> _time = new();
    private readonly NpgsqlBatchCommand _mark;
    private readonly Dictionary<(RowShape Shape, Func<RowShape, string> Sql), Statement> _statements = [];

    public PostgresStatements() => _mark = new NpgsqlBatchCommand(WriteMark) { Parameters = { _committer, _number, _time } };

    /// <summary>The commit mark: first in every transaction, and it fails when the batch must not commit any more.</summary>
    public NpgsqlBatchCommand Mark(Batch batch)
    {
        (_committer.TypedValue, _number.TypedValue) = (batch.Committer, batch.Number);
        _time.TypedValue = batch.Time.ToUnixTimeMilliseconds();
        return _mark;
    }

    /// <summary>The statement for these changes.</summary>
    /// <param name="sql">One of <see cref="PostgresSql"/>, and always the same delegate for the same use.</param>
    public NpgsqlBatchCommand For(ChangeGroup group, Func<RowShape, string> sql)
    {
        if (!_statements.TryGetValue((group.Shape, sql), out var statement))
        {
            if (_statements.Count >= ShapeSql.MostShapes) _statements.Clear();
            _statements[(group.Shape, sql)] = statement = new Statement(group.Shape, sql(group.Shape));
        }

        return statement.Fill(group.Changes);
    }

    private sealed class Statement
    {
        private readonly NpgsqlBatchCommand _command;
        private readonly List<long?>?[] _numbers;
        private readonly List<string?>?[] _texts;
        private readonly NpgsqlParameter<long>? _count;

        public Statement(RowShape shape, string sql)
        {
            _command = new NpgsqlBatchCommand(sql);
            var columns = shape.Columns;
            _numbers = [.. columns.Select(c => c.Column.Type == ColumnType.Number ? new List<long?>() : null)];
            _texts = [.. columns.Select(c => c.Column.Type == ColumnType.Text ? new List<string?>() : null)];
            for (var i = 0; i < columns.Count; i++)
                _command.Parameters.Add(_numbers[i] is { } numbers
                    ? new NpgsqlParameter<List<long?>> { TypedValue = numbers, NpgsqlDbType = Db.Array | Db.Bigint }
                    : new NpgsqlParameter<List<string?>> { TypedValue = _texts[i], NpgsqlDbType = Db.Array | Db.Text });
            if (!sql.Contains($"${columns.Count + 1})", StringComparison.Ordinal)) return;
            _command.Parameters.Add(_count = new NpgsqlParameter<long> { NpgsqlDbType = Db.Bigint });
        }

        public NpgsqlBatchCommand Fill(List<(int Position, Value[] Values)> rows)
        {
            foreach (var numbers in _numbers) numbers?.Clear();
            foreach (var texts in _texts) texts?.Clear();
            foreach (var (_, row) in rows)
                for (var i = 0; i < row.Length; i++)
                {
                    if (_numbers[i] is { } numbers) numbers.Add(row[i].IsNull ? null : row[i].Number);
                    else _texts[i]!.Add(row[i].Text);
                }

            if (_count is not null) _count.TypedValue = rows.Count;
            return _command;
        }
    }
}
