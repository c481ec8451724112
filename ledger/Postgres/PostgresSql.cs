namespace Mall.Ledger.Postgres;

/// <summary>The statements of a shape of changes: parameter <c>$n</c> is an array with value n of every change.</summary>
internal static class PostgresSql
{
    private static readonly ShapeSql s_parts = new(c => $"t.{c}", i => $"v.c{i + 1}", "is not distinct from");

    /// <summary>Fails unless every change finds its row: by dividing by zero, when there are not as many as the last parameter
    /// says. An insert has no such parameter and fails by itself; to pass over rows instead, and to count, costs a look into each
    /// unique index before it is written to.</summary>
    public static string Change(RowShape shape) => shape.Operation == RowOperation.Insert
        ? Insert(shape)
        : $"with changed as ({Write(shape)} returning 1) select 1 / (count(*) = ${shape.Columns.Count + 1})::int from changed";

    /// <summary>Passes over a row that is there.</summary>
    public static string InsertIfMissing(RowShape shape) => $"{Insert(shape)} on conflict do nothing";

    private static string Insert(RowShape shape) =>
        $"insert into {shape.Table} as t ({ShapeSql.Inserted(shape, c => c.Name)}) "
        + (shape.IsListed ? "select *, list_position(pg_current_xact_id()) " : "select * ") + $"from {Rows(shape)}";

    private static string Write(RowShape shape) => shape.Operation == RowOperation.Update
        ? $"update {shape.Table} as t set {s_parts.Sets(shape, c => c.Name)} from {Rows(shape)} where {s_parts.Conditions(shape)}"
        : $"delete from {shape.Table} as t using {Rows(shape)} where {s_parts.Conditions(shape)}";

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
