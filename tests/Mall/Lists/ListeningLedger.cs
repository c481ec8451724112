using System.Collections.Concurrent;
using System.Globalization;
using Mall.Ledger;

namespace Mall.Tests.Lists;

/// <summary>Hears what is asked of the database, with the values in their places.</summary>
internal sealed class ListeningLedger(ILedger inner, ConcurrentQueue<string> asked) : ILedger
{
    public Task<CommitOutcome> CommitAsync(WriteSet writes) =>
        inner.CommitAsync(writes);

    public Task<IReadOnlyList<T>> QueryAsync<T>(
        Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters)
    {
        asked.Enqueue(Text(query.Sql, parameters));
        return inner.QueryAsync(query, cancellationToken, parameters);
    }

    // Beyond all positions that a test has made up.
    public Task<long> SettledAsync(CancellationToken cancellationToken = default) => Task.FromResult(long.MaxValue);

    public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default) =>
        inner.NextIdAsync(sequence, cancellationToken);

    public static string Text(string sql, Value[] parameters)
    {
        for (var i = 1; i <= parameters.Length; i++)
            sql = sql.Replace(
                string.Create(CultureInfo.InvariantCulture, $"@p{i}"), $"{parameters[i - 1]}", StringComparison.Ordinal);
        return sql;
    }
}
