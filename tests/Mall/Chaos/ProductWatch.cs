using System.Data.Common;
using System.Net.Sockets;

namespace Mall.Tests.Chaos;

/// <summary>
/// Looks at the rows of all products again and again while owners come and go. Of each, the owner's epoch only grows, and
/// what is on hand and what is sold together only grow, by deliveries: a write of an owner that has been replaced would turn
/// one or the other back.
/// </summary>
public sealed class ProductWatch(Func<DbConnection> connect)
{
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<long, Row> _last = [];
    private readonly List<string> _findings = [];

    /// <summary>What went back, a line each.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <summary>How often the rows were read.</summary>
    public int Looks { get; private set; }

    /// <summary>How often a product changed hands between two looks.</summary>
    public long Handovers { get; private set; }

    /// <summary>
    /// Looks until told to stop, and once more at the end. Not being able to look while the database is away is no finding.
    /// </summary>
    public Task WatchAsync(CancellationToken end) => Task.Run(async () =>
    {
        while (!end.IsCancellationRequested)
        {
            Look();
            await Task.Delay(s_period, end).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        Look();
    }, CancellationToken.None);

    private void Look()
    {
        List<Row> rows;
        try
        {
            rows = Read();
        }
        catch (Exception e) when (e is DbException or IOException or SocketException or TimeoutException)
        {
            return;
        }

        Looks++;
        foreach (var row in rows)
        {
            if (_last.TryGetValue(row.Id, out var before))
            {
                Handovers += row.Epoch - before.Epoch;
                if (row.Epoch < before.Epoch || row.Stock + row.Sold < before.Stock + before.Sold)
                    _findings.Add($"{before} became {row}");
            }

            _last[row.Id] = row;
        }
    }

    private List<Row> Read()
    {
        using var connection = connect();
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select id, owner_epoch, stock, sold from products";
        using var reader = command.ExecuteReader();
        var rows = new List<Row>();
        while (reader.Read())
            rows.Add(new Row(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)));
        return rows;
    }

    /// <summary>A product's row at one moment.</summary>
    private sealed record Row(long Id, long Epoch, long Stock, long Sold);
}
