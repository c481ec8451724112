namespace Mall.Ledger.Postgres;

/// <summary>The statements of a shape of changes: parameter <c>$n</c> is an array with value n of every change.</summary>
internal static class PostgresSql
{
    private static readonly ShapeSql s_parts = new(c => $"t.{c}", i => $"v.c{i + 1}", "is not distinct from");

    /// <summary>Fails, by dividing by zero, unless it changes as many rows as its last parameter says.</summary>
    public static string Change(RowShape shape) =>
        $"with changed as ({Changes(shape)} returning 1) select 1 / (count(*) = ${shape.Columns.Count + 1})::int from changed";

    /// <summary>However many there are: an insert passes over a row that is there.</summary>
    public static string Changes(RowShape shape) => shape.Operation switch
    {
        RowOperation.Insert => $"insert into {shape.Table} as t ({ShapeSql.Inserted(shape, c => c.Name)}) "
            + (shape.IsListed ? "select *, list_position(pg_current_xact_id()) " : "select * ")
            + $"from {Rows(shape)} on conflict do nothing",
        RowOperation.Update => $"update {shape.Table} as t set {s_parts.Sets(shape, c => c.Name)} from {Rows(shape)} "
            + $"where {s_parts.Conditions(shape)}",
        _ => $"delete from {shape.Table} as t using {Rows(shape)} where {s_parts.Conditions(shape)}",
    };

    /// <summary>Fails, likewise, unless so many rows are as the changes expect them.</summary>
    public static string Check(RowShape shape) =>
        $"select 1 / (count(*) = ${shape.Columns.Count + 1})::int from {Rows(shape)} "
        + $"join {shape.Table} as t on {s_parts.Conditions(shape)}";

    /// <summary>See <see cref="ServerWriter.SeeAsync"/>: the changes whose rows are there, from 1; guards; sums.</summary>
    public static string See(RowShape shape, bool onlyFree) =>
        $"select v.n, ({s_parts.Conditions(shape, ColumnRole.Guard)}), ({s_parts.Conditions(shape, ColumnRole.AddNotNegative)})"
        + $" from {Rows(shape, ordinality: true)} join {shape.Table} as t on {s_parts.Conditions(shape, ColumnRole.Key)}"
        + (onlyFree ? " for no key update of t skip locked" : "");

    private static string Rows(RowShape shape, bool ordinality = false) =>
        $"unnest({string.Join(", ", shape.Columns.Select((c, i) => $"${i + 1}::{TypeOf(c.Column)}[]"))})"
        + (ordinality ? " with ordinality" : "")
        + $" as v({string.Join(", ", shape.Columns.Select((_, i) => $"c{i + 1}"))}{(ordinality ? ", n" : "")})";

    private static string TypeOf(Column column) => column.Type == ColumnType.Number ? "bigint" : "text";
}
