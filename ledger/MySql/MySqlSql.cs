using System.Runtime.CompilerServices;

namespace Mall.Ledger.MySql;

/// <summary>The statements that changes of one shape become: inserts with many rows; updates and deletes joined to the rows of a
/// JSON text (<c>json_table</c>, since MariaDB 10.6 and MySQL 8.0.4). Names are quoted, because <c>key</c> is a word of the
/// language here.</summary>
internal static class MySqlSql
{
    // To make a temporary table of a text costs about as much as that many statements of one row each.
    private const int FewRows = 4;

    // The tables' own: texts that are compared have to be of one collation, and the servers call it by different names.
    internal const string Exact =
        "character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */";

    // What a value is to be put in place of: see SqlText.Fill.
    private static readonly ShapeSql s_one = new(Name, i => $"{SqlText.Gap}{(char)i}", "<=>");
    private static readonly ShapeSql s_many = new(c => $"t.{Name(c)}", i => $"v.c{i + 1}", "<=>");

    // Shapes live in static fields, so each is put into words once.
    private static readonly ConditionalWeakTable<RowShape, string> s_ones = [];

    /// <summary>Writes the changes; each of the statements ends with a semicolon and <paramref name="count"/>.</summary>
    /// <param name="orLeave">Of an insert: a row that is there already is no error, and left as it is.</param>
    public static void Change(SqlText sql, ChangeGroup group, string count = "", bool orLeave = false)
    {
        var shape = group.Shape;
        if (shape.Operation != RowOperation.Insert && group.Changes.Count <= FewRows)
        {
            foreach (var (_, values) in group.Changes) One(sql, shape, values).Add(";").Add(count);
            return;
        }

        if (shape.Operation == RowOperation.Insert) Insert(sql, group);
        else Many(sql, group);
        if (orLeave) sql.Add($" on duplicate key update {Name(shape.Table.Key[0])} = {Name(shape.Table.Key[0])}");
        sql.Add(";").Add(count);
    }

    /// <summary>See <see cref="ServerWriter.SeeAsync"/>: the changes whose rows are there, from 1; guards; sums.</summary>
    public static void See(SqlText sql, ChangeGroup group, bool onlyFree)
    {
        var guards = s_many.Conditions(group.Shape, ColumnRole.Guard);
        Join(sql.Add($"select v.at, {guards}, {s_many.Conditions(group.Shape, ColumnRole.AddNotNegative)} from "), group);
        if (onlyFree) sql.Add(" for update skip locked");
    }

    /// <summary>How many rows are as the changes expect them.</summary>
    public static SqlText Matches(SqlText sql, ChangeGroup group)
    {
        Join(sql.Add("select count(*) from "), group);
        return sql.Add($" where {s_many.Conditions(group.Shape, ColumnRole.Guard)}");
    }

    /// <summary>The values as a table <c>v</c>, of columns <c>c1</c>, <c>c2</c>... and <c>at</c>, a count from 1.</summary>
    private static void Table(SqlText sql, ChangeGroup group)
    {
        sql.Add("json_table('");
        var row = "[[";
        foreach (var (_, values) in group.Changes)
        {
            sql.Add(row).AddJson(values[0]);
            for (var i = 1; i < values.Length; i++) sql.Add(",").AddJson(values[i]);
            row = "],[";
        }

        sql.Add("]]', '$[*]' columns (at for ordinality");
        foreach (var (i, column) in group.Shape.Columns.Index()) sql.Add($", c{i + 1} {TypeOf(column)} path '$[{i}]'");
        sql.Add(")) v");
    }

    private static void Insert(SqlText sql, ChangeGroup group)
    {
        sql.Add($"insert into {Name(group.Shape.Table)} ({ShapeSql.Inserted(group.Shape, Name)}) values ");
        var row = "(";
        foreach (var (_, values) in group.Changes)
        {
            sql.Add(row).Add(values[0]);
            for (var i = 1; i < values.Length; i++) sql.Add(",").Add(values[i]);
            if (group.Shape.IsListed) sql.Add(",@position");
            row = "),(";
        }

        sql.Add(")");
    }

    private static SqlText One(SqlText sql, RowShape shape, Value[] values) => sql.Fill(
        s_ones.GetValue(shape, static shape => shape.Operation == RowOperation.Delete
            ? $"delete from {Name(shape.Table)} where {s_one.Conditions(shape)}"
            : $"update {Name(shape.Table)} set {s_one.Sets(shape, Name)} where {s_one.Conditions(shape)}"), values);

    private static void Many(SqlText sql, ChangeGroup group)
    {
        var shape = group.Shape;
        Join(sql.Add(shape.Operation == RowOperation.Delete ? "delete t from " : "update "), group);
        if (shape.Operation == RowOperation.Update) sql.Add($" set {s_many.Sets(shape, c => $"t.{Name(c)}")}");
        sql.Add($" where {s_many.Conditions(shape)}");
    }

    // The rows of the text first, and for each one row by its primary key, also when to read all of a small table looks as good.
    private static void Join(SqlText sql, ChangeGroup group)
    {
        Table(sql, group);
        var on = s_many.Conditions(group.Shape, ColumnRole.Key);
        sql.Add($" straight_join {Name(group.Shape.Table)} t force index (primary) on {on}");
    }

    // A key is compared with an index, so it has to be of the column's own kind; other texts may be of any length.
    private static string TypeOf(ShapeColumn column) => (column.Column.Type, column.Role) switch
    {
        (ColumnType.Number, _) => "bigint",
        (_, ColumnRole.Key) => $"varchar(256) {Exact}",
        _ => $"longtext {Exact}",
    };

    private static string Name(Table table) => $"`{table.Name}`";
    private static string Name(Column column) => $"`{column.Name}`";
}
