namespace Mall.Ledger.Postgres;

/// <summary>The statements of a shape of changes: parameter <c>$n</c> is an array with value n of every change.</summary>
/// <param name="Change">Fails unless every change finds its row: by dividing by zero, when there are not as many as the last
/// parameter says. An insert has no such parameter and fails by itself; to pass over rows instead, and to count, costs a look
/// into each unique index before it is written to.</param>
/// <param name="Check">Fails, likewise, unless so many rows are as the changes expect them.</param>
/// <param name="See">See <see cref="ServerWriter.SeeAsync"/>: the changes whose rows are there, from 1; guards; sums.</param>
internal sealed record PostgresSql(string Change, string Check, string See)
{
    private static readonly ShapeSql s_parts = new(c => $"t.{c}", i => $"v.c{i + 1}", "is not distinct from");
    private static readonly ConditionalWeakTable<RowShape, PostgresSql> s_all = []; // Each shape is put into words once.

    public static PostgresSql Of(RowShape shape) => s_all.GetValue(shape, InWords);

    private static PostgresSql InWords(RowShape shape)
    {
        var (count, conditions) = ($"(count(*) = ${shape.Columns.Count + 1})::int", s_parts.Conditions(shape));
        return new PostgresSql(
            Change: shape.Operation switch
            {
                RowOperation.Insert =>
                    $"insert into {shape.Table} as t ({ShapeSql.Inserted(shape, c => c.Name)}) "
                    + $"select *{(shape.IsListed ? ", list_position(pg_current_xact_id())" : "")} from {Rows(shape)}",
                RowOperation.Update =>
                    Changed($"update {shape.Table} as t set {s_parts.Sets(shape, c => c.Name)} from {Rows(shape)}"),
                _ => Changed($"delete from {shape.Table} as t using {Rows(shape)}"),
            },
            Check: $"select 1 / {count} from {Rows(shape)} join {shape.Table} as t on {conditions}",
            See: $"select v.n, ({s_parts.Conditions(shape, ColumnRole.Guard)}), "
                + $"({s_parts.Conditions(shape, ColumnRole.AddNotNegative)}) from {Rows(shape, ordinality: true)} "
                + $"join {shape.Table} as t on {s_parts.Conditions(shape, ColumnRole.Key)}");

        string Changed(string write) =>
            $"with changed as ({write} where {conditions} returning 1) select 1 / {count} from changed";
    }

    private static string Rows(RowShape shape, bool ordinality = false) =>
        $"unnest({string.Join(", ", shape.Columns.Select((c, i) => $"${i + 1}::{TypeOf(c.Column)}[]"))})"
        + (ordinality ? " with ordinality" : "")
        + $" as v({string.Join(", ", shape.Columns.Select((_, i) => $"c{i + 1}"))}{(ordinality ? ", n" : "")})";

    private static string TypeOf(Column column) => column.Type == ColumnType.Number ? "bigint" : "text";
}
