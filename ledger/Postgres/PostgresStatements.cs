using Npgsql;
using Db = NpgsqlTypes.NpgsqlDbType;

namespace Mall.Ledger.Postgres;

/// <summary>The committer's statements; a text is made once a shape and use. A parameter is an array, for a column.</summary>
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

    private readonly Dictionary<(RowShape Shape, Func<RowShape, string> Sql), string> _texts = [];

    /// <summary>The commit mark: first in every transaction, and it fails when the batch must not commit any more.</summary>
    public static NpgsqlBatchCommand Mark(Batch batch) => new(WriteMark)
    {
        Parameters =
        {
            new NpgsqlParameter<string> { TypedValue = batch.Committer },
            new NpgsqlParameter<long> { TypedValue = batch.Number },
            new NpgsqlParameter<long> { TypedValue = batch.Time.ToUnixTimeMilliseconds() },
        },
    };

    /// <param name="sql">One of <see cref="PostgresSql"/>, and always the same delegate for the same use.</param>
    public string TextOf(RowShape shape, Func<RowShape, string> sql)
    {
        if (_texts.TryGetValue((shape, sql), out var text)) return text;
        if (_texts.Count >= ShapeSql.MostShapes) _texts.Clear();
        return _texts[(shape, sql)] = sql(shape);
    }

    /// <summary>The statement for these changes.</summary>
    /// <inheritdoc cref="TextOf"/>
    public NpgsqlBatchCommand For(ChangeGroup group, Func<RowShape, string> sql)
    {
        var (columns, changes) = (group.Shape.Columns, group.Changes);
        var command = new NpgsqlBatchCommand(TextOf(group.Shape, sql));
        for (var i = 0; i < columns.Count; i++)
            command.Parameters.Add(columns[i].Column.Type == ColumnType.Number
                ? Values(i, Db.Bigint, static value => value.IsNull ? (long?)null : value.Number)
                : Values(i, Db.Text, static value => value.Text));
        if (command.CommandText.Contains($"${columns.Count + 1})", StringComparison.Ordinal))
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = changes.Count });
        return command;

        NpgsqlParameter<T[]> Values<T>(int column, Db type, Func<Value, T> read)
        {
            var values = new T[changes.Count];
            for (var row = 0; row < values.Length; row++) values[row] = read(changes[row].Values[column]);
            return new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = Db.Array | type };
        }
    }
}
