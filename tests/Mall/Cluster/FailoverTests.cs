using System.Diagnostics;
using System.Text;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>
/// Silos die by kill -9 while front doors in processes of their own wait for them. A client sees one answer and a pause, not the
/// time after which Orleans gives a call up (30 s). <c>MALL_TEST_KILLS</c> is how often one dies (3).
/// </summary>
[Collection(nameof(StandingCluster))]
public sealed class FailoverTests(StandingCluster standing, ITestOutputHelper output)
{
    private const int Silos = StandingCluster.Silos;
    private const int OrdersBetween = 100;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(15);

    /// <summary>A call that is lost is sent again after 1.2 s; of who waited longer, it is told where the time went.</summary>
    private static readonly TimeSpan s_usualPause = TimeSpan.FromSeconds(2);

    [Theory]
    [MemberData(nameof(ClusterInstallation.Kinds), MemberType = typeof(ClusterInstallation))]
    public Task Order_WhenASiloThatWorksOnItIsKilled_IsAnsweredAfterAPause(DatabaseKind kind) =>
        standing.UseAsync(kind, KillAsync);

    private async Task KillAsync(ClusterInstallation cluster, Trade trade, CancellationToken stop)
    {
        var kills = Setting.Of("MALL_TEST_KILLS", 3);
        var pauses = new List<TimeSpan>();
        trade.Begin(seed: 0);
        for (var kill = 0; kill < kills; kill++)
        {
            await trade.UntilAnsweredAsync(OrdersBetween);
            var killedAt = Stopwatch.GetTimestamp();
            await cluster.Silo(kill % Silos).KillAsync();
            while (trade.Shoppers.Any(s => s.Purchases.LastOrDefault()?.AskedAt is not { } at || at < killedAt))
                await Task.Delay(20, stop);
            var longest = trade.Purchases.Where(p => p.AskedAt < killedAt && killedAt < p.AnsweredAt).MaxBy(p => p.AnsweredAt)!;
            pauses.Add(Stopwatch.GetElapsedTime(killedAt, longest.AnsweredAt));
            if (pauses[^1] > s_usualPause && longest.IsAcknowledged)
                output.WriteLine($"{pauses[^1]}: {await WhereTimeWentAsync(cluster, longest)}\n{cluster.Tails()}");
            await cluster.StartAgainAsync(kill % Silos, stop);
        }

        await trade.EndAsync();
        pauses.Sort();
        output.WriteLine(
            "pauses: " + string.Join(' ', pauses.Select(p => FormattableString.Invariant($"{p.TotalSeconds:0.00}"))));
        if (trade.Unanswered > 0) output.WriteLine(cluster.Tails());
        await trade.AuditAsync(output.WriteLine);
        Assert.InRange(pauses[^1], TimeSpan.Zero, s_longestPause);
        Audit.Passes(trade.Troubles);
    }

    /// <summary>When each of its steps was committed.</summary>
    private static async Task<string> WhereTimeWentAsync(ClusterInstallation cluster, Purchase purchase)
    {
        var told = new StringBuilder($"{DateTime.UtcNow:O} {purchase.Key}: {string.Join(", ", purchase.Items)}");
        await using var connection = cluster.Connect();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"""
            select branch_id, op, create_time from barrier
            where gid = (select gid from orders where id = {purchase.OrderId}) order by create_time
            """;
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
            told.Append($"; {rows[0]} {rows[1]} {DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(2)):O}");
        return told.ToString();
    }
}
