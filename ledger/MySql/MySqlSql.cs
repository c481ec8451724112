namespace Mall.Ledger.MySql;

/// <summary>The statements that changes of one shape become: inserts with many rows; updates and deletes joined to the rows of a
/// JSON text (<c>json_table</c>, since MariaDB 10.6 and MySQL 8.0.4). Values are literals: a batch has thousands, more than a
/// driver handles well as parameters. Names are quoted, because <c>key</c> is a word of the language here.</summary>
internal static class MySqlSql
{
    // To make a temporary table of a text costs about as much as that many statements of one row each.
    private const int FewRows = 4;

    // The tables' own: texts that are compared have to be of one collation, and the servers call it by different names.
    internal const string Exact =
        "character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */";

    private static readonly ShapeSql s_one = new(Name, i => $"\0{i}\0", "<=>");
    private static readonly ShapeSql s_many = new(c => $"t.{Name(c)}", i => $"v.c{i + 1}", "<=>");

    // The statement for one row, by turns a piece of text and the number of the value that follows it. Each shape is put into
    // words once.
    private static readonly ConditionalWeakTable<RowShape, string[]> s_ones = [];

    /// <summary>Writes the changes. What is no insert, which fails by itself, adds its rows to <c>@hits</c>: by a statement more,
    /// whose answer costs both sides. An insert that keeps what is old leaves rows as they are that are there.</summary>
    public static void Change(StringBuilder sql, ChangeGroup group, bool keepsOld = false)
    {
        const string end = ";set @hits = @hits + row_count();";
        var (shape, name) = (group.Shape, Name(group.Shape.Table));
        if (shape.Operation == RowOperation.Insert)
        {
            // Each literal costs the parser: a column that holds its default in all rows is left out. Of a key one always stays.
            int[] given = [.. shape.Columns.Index().Where(c => c.Item.Column == shape.Table.Key[0]
                || group.Changes.Exists(change => change.Values[c.Index] != c.Item.Column.Default)).Select(c => c.Index)];
            var names = string.Join(',', given.Select(i => Name(shape.Columns[i].Column))) + (shape.IsListed ? ", position" : "");
            Rows(sql.Append($"insert into {name} ({names}) values "), group, "(", shape.IsListed ? ",@position)" : ")", given);
            if (keepsOld) sql.Append($" on duplicate key update {Name(shape.Table.Key[0])} = {Name(shape.Table.Key[0])}");
            sql.Append(';');
        }
        else if (group.Changes.Count <= FewRows)
            foreach (var (_, values) in group.Changes) One(sql, shape, values).Append(end);
        else
        {
            Join(sql.Append(shape.Operation == RowOperation.Delete ? "delete t from " : "update "), group);
            if (shape.Operation == RowOperation.Update) sql.Append($" set {s_many.Sets(shape, c => $"t.{Name(c)}")}");
            sql.Append($" where {s_many.Conditions(shape)}").Append(end);
        }
    }

    /// <summary>See <see cref="ServerWriter.SeeAsync"/>: the changes whose rows are there, from 1; guards; sums.</summary>
    public static StringBuilder See(StringBuilder sql, ChangeGroup group, bool onlyFree)
    {
        var guards = s_many.Conditions(group.Shape, ColumnRole.Guard);
        sql.Append($"select v.at, {guards}, {s_many.Conditions(group.Shape, ColumnRole.AddNotNegative)} from ");
        return Join(sql, group).Append(onlyFree ? " for update skip locked" : "");
    }

    /// <summary>How many rows are as the changes expect them.</summary>
    public static StringBuilder Matches(StringBuilder sql, ChangeGroup group) => Join(sql.Append("select count(*) from "), group)
        .Append($" where {s_many.Conditions(group.Shape, ColumnRole.Guard)}");

    /// <summary>A value as a literal, or as part of a JSON text that is one.</summary>
    public static StringBuilder AddLiteral(this StringBuilder sql, in Value value, bool isJson = false)
    {
        if (value.IsNumber) return sql.Append(CultureInfo.InvariantCulture, $"{value.Number}");
        if (value.Text is not { } text) return sql.Append("null");
        if (isJson) text = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text);

        // So no text can end its literal: in our sessions backslashes escape, see MySqlConnections.
        text = text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal);
        var quote = isJson ? '"' : '\'';
        return sql.Append(quote).Append(text).Append(quote);
    }

    private static StringBuilder One(StringBuilder sql, RowShape shape, Value[] values)
    {
        var parts = s_ones.GetValue(shape, static shape => (shape.Operation == RowOperation.Delete
            ? $"delete from {Name(shape.Table)} where {s_one.Conditions(shape)}"
            : $"update {Name(shape.Table)} set {s_one.Sets(shape, Name)} where {s_one.Conditions(shape)}").Split('\0'));
        foreach (var (i, part) in parts.Index())
            _ = i % 2 == 0 ? sql.Append(part) : sql.AddLiteral(values[int.Parse(part, CultureInfo.InvariantCulture)]);
        return sql;
    }

    /// <summary>The changes' values: a table <c>v</c>, of columns <c>c1</c>, <c>c2</c>... and <c>at</c>, a count from 1. For each
    /// of its rows one by primary key, also when to read all of a small table looks as good.</summary>
    private static StringBuilder Join(StringBuilder sql, ChangeGroup group)
    {
        Rows(sql.Append("json_table('["), group, "[", "]").Append("]', '$[*]' columns (at for ordinality");
        foreach (var (i, column) in group.Shape.Columns.Index()) sql.Append($", c{i + 1} {TypeOf(column)} path '$[{i}]'");
        var on = s_many.Conditions(group.Shape, ColumnRole.Key);
        return sql.Append($")) v straight_join {Name(group.Shape.Table)} t force index (primary) on {on}");
    }

    // Of the given columns; without, all, as JSON.
    private static StringBuilder Rows(StringBuilder sql, ChangeGroup group, string start, string end, int[]? given = null)
    {
        var (row, next, isJson) = (start, $"{end},{start}", given is null);
        given ??= [.. Enumerable.Range(0, group.Shape.Columns.Count)];
        foreach (var (_, values) in group.Changes)
        {
            sql.Append(row).AddLiteral(values[given[0]], isJson);
            for (var i = 1; i < given.Length; i++) sql.Append(',').AddLiteral(values[given[i]], isJson);
            row = next;
        }

        return sql.Append(end);
    }

    // A key is compared with an index, so it has to be of the column's own kind; other texts may be of any length.
    private static string TypeOf((Column Column, ColumnRole Role) column) => column.Column.Type == ColumnType.Number
        ? "bigint" : $"{(column.Role == ColumnRole.Key ? "varchar(256)" : "longtext")} {Exact}";

    private static string Name(Table table) => $"`{table.Name}`";
    private static string Name(Column column) => $"`{column.Name}`";
}
