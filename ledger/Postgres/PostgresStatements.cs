using Npgsql;
using Db = NpgsqlTypes.NpgsqlDbType;

namespace Mall.Ledger.Postgres;

/// <summary>
/// The committer's statements, each made once a shape and use, and filled anew each time: a parameter is an array, for a column.
/// </summary>
internal sealed class PostgresStatements
{
    // A number that was revoked must not commit: this then changes no row and fails.
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
        private readonly List<Action<List<(int Position, Value[] Values)>>> _fills = [];
        private readonly NpgsqlParameter<long> _count = new() { NpgsqlDbType = Db.Bigint };

        public Statement(RowShape shape, string sql)
        {
            _command = new NpgsqlBatchCommand(sql);
            foreach (var (i, (column, _)) in shape.Columns.Index())
                _command.Parameters.Add(column.Type == ColumnType.Number
                    ? Values(i, Db.Bigint, static value => value.IsNull ? (long?)null : value.Number)
                    : Values(i, Db.Text, static value => value.Text));
            if (sql.Contains($"${shape.Columns.Count + 1})", StringComparison.Ordinal)) _command.Parameters.Add(_count);
        }

        public NpgsqlBatchCommand Fill(List<(int Position, Value[] Values)> rows)
        {
            foreach (var fill in _fills) fill(rows);
            _count.TypedValue = rows.Count;
            return _command;
        }

        private NpgsqlParameter<List<T>> Values<T>(int column, Db type, Func<Value, T> read)
        {
            var values = new List<T>();
            _fills.Add(rows =>
            {
                values.Clear();
                foreach (var (_, row) in rows) values.Add(read(row[column]));
            });
            return new NpgsqlParameter<List<T>> { TypedValue = values, NpgsqlDbType = Db.Array | type };
        }
    }
}
