using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mall.Ledger.Stores;

namespace Mall.Ledger.MySql;

/// <summary>
/// The statements that changes of one shape become: inserts with many rows; updates and deletes joined to the rows of a JSON text
/// (<c>json_table</c>, which MariaDB has since 10.6 and MySQL since 8.0.4, in the same words), so that one statement finds them
/// all by primary key. Names are quoted, because <c>key</c> is a word of the language here.
/// </summary>
internal static class MySqlSql
{
    // To make a temporary table of a text costs about as much as that many statements of one row each.
    private const int FewRows = 4;

    private static readonly JsonWriterOptions s_json =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes the changes; each of the statements ends with a semicolon and <paramref name="count"/>.</summary>
    public static void Change(
        SqlText sql, RowShape shape, ReadOnlySpan<(int Position, Value[] Values)> changes, string count = "")
    {
        if (shape.Operation == RowOperation.Insert)
        {
            Insert(sql, shape, changes);
            sql.Add(";").Add(count);
        }
        else if (changes.Length <= FewRows)
        {
            foreach (var (_, values) in changes)
            {
                One(sql, shape, values);
                sql.Add(";").Add(count);
            }
        }
        else
        {
            Many(sql, shape, changes);
            sql.Add(";").Add(count);
        }
    }

    /// <summary>The positions, from 1, of the changes that find their rows as they expect them. Locks those rows.</summary>
    public static void Find(SqlText sql, RowShape shape, ReadOnlySpan<(int Position, Value[] Values)> changes)
    {
        Join(sql.Add("select v.at from "), shape, changes);
        Conditions(sql.Add(" where "), shape).Add(" for update");
    }

    /// <summary>A JSON text as a table <c>v</c>.</summary>
    /// <param name="sql">Written to.</param>
    /// <param name="columns">Its columns: <c>c1</c>, <c>c2</c>, ...; and <c>at</c>, which counts from 1.</param>
    /// <param name="rows">The rows, as arrays.</param>
    public static SqlText Table(SqlText sql, IEnumerable<string> columns, Action<Utf8JsonWriter> rows)
    {
        var buffer = new ArrayBufferWriter<byte>(4_096);
        using (var json = new Utf8JsonWriter(buffer, s_json))
        {
            json.WriteStartArray();
            rows(json);
            json.WriteEndArray();
        }

        sql.Add("json_table(").AddUtf8(buffer.WrittenSpan).Add(", '$[*]' columns (at for ordinality");
        var i = 0;
        foreach (var type in columns) sql.Add($", c{i + 1} {type} path '$[{i++}]'");
        return sql.Add(")) v");
    }

    public static string Quoted(string name) => $"`{name}`";

    private static void Insert(SqlText sql, RowShape shape, ReadOnlySpan<(int Position, Value[] Values)> changes)
    {
        sql.Add($"insert into {Name(shape.Table)} ({string.Join(", ", shape.Columns.Select(c => Name(c.Column)))}) values ");
        var row = "(";
        foreach (var (_, values) in changes)
        {
            sql.Add(row).Add(values[0]);
            for (var i = 1; i < values.Length; i++) sql.Add(",").Add(values[i]);
            row = "),(";
        }

        sql.Add(")");
    }

    private static void One(SqlText sql, RowShape shape, Value[] values)
    {
        if (shape.Operation == RowOperation.Delete) sql.Add($"delete from {Name(shape.Table)}");
        else Sets(sql.Add($"update {Name(shape.Table)} set "), shape, "", i => sql.Add(values[i]));
        var and = " where ";
        for (var i = 0; i < values.Length; i++)
        {
            var (column, role) = (Name(shape.Columns[i].Column), shape.Columns[i].Role);
            var (before, after) = role switch
            {
                ColumnRole.Key => ($"{column} = ", ""),
                ColumnRole.Guard => ($"{column} <=> ", ""), // Null matches null.
                ColumnRole.AddNotNegative => ($"{column} + ", " >= 0"),
                _ => ("", ""),
            };
            if (before.Length == 0) continue;
            sql.Add(and).Add(before).Add(values[i]).Add(after);
            and = " and ";
        }
    }

    private static void Many(SqlText sql, RowShape shape, ReadOnlySpan<(int Position, Value[] Values)> changes)
    {
        Join(sql.Add(shape.Operation == RowOperation.Delete ? "delete t from " : "update "), shape, changes);
        if (shape.Operation == RowOperation.Update) Sets(sql.Add(" set "), shape, "t.", i => sql.Add($"v.c{i + 1}"));
        Conditions(sql.Add(" where "), shape);
    }

    // Straight and forced: the rows of the text first, and for each of them one row of the table by its primary key, also when
    // the table is so small at the moment that to read all of it looks as good.
    private static void Join(SqlText sql, RowShape shape, ReadOnlySpan<(int Position, Value[] Values)> changes)
    {
        var rows = changes.ToArray();
        Table(sql, shape.Columns.Select(TypeOf), json =>
        {
            foreach (var (_, values) in rows) Row(json, values);
        });
        var on = shape.KeyPositions.Select(i => $"t.{Name(shape.Columns[i].Column)} = v.c{i + 1}");
        sql.Add($" straight_join {Name(shape.Table)} t force index (primary) on {string.Join(" and ", on)}");
    }

    private static void Row(Utf8JsonWriter json, Value[] values)
    {
        json.WriteStartArray();
        foreach (var value in values)
        {
            if (value.IsNumber) json.WriteNumberValue(value.Number);
            else if (value.Text is { } text) json.WriteStringValue(text);
            else json.WriteNullValue();
        }

        json.WriteEndArray();
    }

    private static void Sets(SqlText sql, RowShape shape, string table, Action<int> value)
    {
        var comma = "";
        for (var i = 0; i < shape.Columns.Count; i++)
        {
            var (column, role) = (table + Name(shape.Columns[i].Column), shape.Columns[i].Role);
            if (role is not (ColumnRole.Set or ColumnRole.Add or ColumnRole.AddNotNegative)) continue;
            sql.Add(role == ColumnRole.Set ? $"{comma}{column} = " : $"{comma}{column} = {column} + ");
            value(i);
            comma = ", ";
        }

        // A shape that only guards still has to find its row, and to lock it: it sets a key to itself.
        if (comma.Length == 0) sql.Add($"{table}{Name(shape.Table.Key[0])} = {table}{Name(shape.Table.Key[0])}");
    }

    private static SqlText Conditions(SqlText sql, RowShape shape)
    {
        sql.Add("true");
        for (var i = 0; i < shape.Columns.Count; i++)
        {
            var (column, role) = (Name(shape.Columns[i].Column), shape.Columns[i].Role);
            if (role == ColumnRole.Guard) sql.Add($" and t.{column} <=> v.c{i + 1}");
            else if (role == ColumnRole.AddNotNegative) sql.Add($" and t.{column} + v.c{i + 1} >= 0");
        }

        return sql;
    }

    // A key is compared with an index, so it has to be of the column's own kind; other texts may be of any length.
    private static string TypeOf(ShapeColumn column) => (column.Column.Type, column.Role) switch
    {
        (ColumnType.Number, _) => "bigint",
        (_, ColumnRole.Key) => MySqlStatements.KeyText,
        _ => "longtext character set utf8mb4 collate utf8mb4_bin",
    };

    private static string Name(Table table) => Quoted(table.Name);

    private static string Name(Column column) => Quoted(column.Name);
}
