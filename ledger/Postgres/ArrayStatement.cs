using Npgsql;
using Db = NpgsqlTypes.NpgsqlDbType;

namespace Mall.Ledger.Postgres;

/// <summary>
/// A statement whose parameters are arrays, one a column, and the rows that are to be sent with it next. The driver prepares it
/// on the connection when it is used again. Used by one batch at a time.
/// </summary>
internal sealed class ArrayStatement
{
    private readonly List<long?>?[] _numbers;
    private readonly List<string?>?[] _texts;
    private readonly NpgsqlParameter<long>[] _scalars;

    /// <param name="sql">Arrays are <c>$1</c> to <c>$n</c>, single numbers follow.</param>
    /// <param name="columns">The type of each array.</param>
    /// <param name="scalars">How many single numbers follow.</param>
    public ArrayStatement(string sql, IReadOnlyList<ColumnType> columns, int scalars = 0)
    {
        Command = new NpgsqlBatchCommand(sql);
        _numbers = [.. columns.Select(c => c == ColumnType.Number ? new List<long?>() : null)];
        _texts = [.. columns.Select(c => c == ColumnType.Text ? new List<string?>() : null)];
        for (var i = 0; i < columns.Count; i++)
            Command.Parameters.Add(_numbers[i] is { } numbers
                ? new NpgsqlParameter<List<long?>> { TypedValue = numbers, NpgsqlDbType = Db.Array | Db.Bigint }
                : new NpgsqlParameter<List<string?>> { TypedValue = _texts[i], NpgsqlDbType = Db.Array | Db.Text });
        _scalars = [.. Enumerable.Range(0, scalars).Select(_ => new NpgsqlParameter<long> { NpgsqlDbType = Db.Bigint })];
        foreach (var scalar in _scalars) Command.Parameters.Add(scalar);
    }

    public NpgsqlBatchCommand Command { get; }

    public ArrayStatement Clear()
    {
        foreach (var numbers in _numbers) numbers?.Clear();
        foreach (var texts in _texts) texts?.Clear();
        return this;
    }

    public ArrayStatement Add(ReadOnlySpan<Value> row)
    {
        for (var i = 0; i < row.Length; i++)
        {
            if (_numbers[i] is { } numbers) numbers.Add(row[i].IsNull ? null : row[i].Number);
            else _texts[i]!.Add(row[i].Text);
        }

        return this;
    }

    public ArrayStatement Add(params ReadOnlySpan<string> row)
    {
        for (var i = 0; i < row.Length; i++) _texts[i]!.Add(row[i]);
        return this;
    }

    public ArrayStatement With(int scalar, long value)
    {
        _scalars[scalar].TypedValue = value;
        return this;
    }
}
