using System.Text.Json;

namespace Mall.Ledger;

/// <summary>
/// How far the clean-up has come on its way through the tables: which one, and the last primary key looked at. It is kept as the
/// payload of the due work, so that whoever goes on, after a restart or on another silo, goes on from there.
/// </summary>
/// <param name="Table">An index into <see cref="CleanUpTable.All"/>.</param>
/// <param name="After">The primary key, column by column; empty texts at the beginning.</param>
internal sealed record Sweep(int Table, string[] After)
{
    public static Sweep Start { get; } = At(0);

    public bool IsOver => Table >= CleanUpTable.All.Count;

    public static Sweep Parse(string? payload) => payload is null ? Start : JsonSerializer.Deserialize<Sweep>(payload) ?? Start;

    public Sweep NextTable() => At(Table + 1);

    public override string ToString() => JsonSerializer.Serialize(this);

    private static Sweep At(int table) =>
        new(table, table < CleanUpTable.All.Count ? [.. Enumerable.Repeat("", CleanUpTable.All[table].KeyColumns)] : []);
}
