using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Mall.Tests.Installations;

namespace Mall.Tests.Crash;

/// <summary>How a silo ends when it is asked to.</summary>
[Collection(nameof(WholeProcesses))]
public sealed partial class ShutdownTests
{
    private static readonly TimeSpan s_drainsWithin = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_endsWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_wait = s_endsWithin * 1.25; // The ninth, of 12.8 s give or take a half, at the latest.

    /// <summary>How many milliseconds a saga waits for its next round, as the silo logs it.</summary>
    [GeneratedRegex(@"stumbled, attempt \d+; again in ([\d.]+) ms")]
    private static partial Regex Wait { get; }

    [Fact(Timeout = 90_000)]
    public async Task Terminate_UnderLoad_AnswersWhatItAcceptedAndEndsWithZero()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(stop);
        using var seller = await Seller.OpenShopAsync(mall, [50, 1_000_000], stop);
        var shoppers = await Shopper.ArriveAsync(mall, 8, stop);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var products = seller.Supplied.Keys.ToList();
        var people = Task.WhenAll(shoppers.Select((s, i) => s.ShopAsync(products, new Random(i), leaving.Token, leaving.Token)));
        while (shoppers.Sum(s => s.Purchases.Count) < 500)
            await Task.Delay(10, stop);

        silo.Terminate();
        var exitCode = await silo.ExitCodeAsync(s_drainsWithin);
        await leaving.CancelAsync();
        await people;

        Assert.True(exitCode == 0, $"Exit code {exitCode}.{Environment.NewLine}{silo.Tail()}");
        using var books = Books.Open(mall);
        Audit.Passes(books.Missing(shoppers.SelectMany(s => s.Purchases)));
        Audit.Passes(books.Discrepancies(seller.Supplied));
    }

    /// <summary>A saga that waits for its next round, by now far longer than the silo may take to end, does not hold
    /// it up.</summary>
    [Fact(Timeout = 90_000)]
    public async Task Terminate_WhileASagaIsInBackoff_EndsWithZeroAtOnce()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(stop);
        using var trade = await Trade.OpenAsync(mall, () => Books.Open(mall), [1000, 1000], shoppers: 0, stop);
        var (buyer, another) = (await trade.InviteBuyerAsync(mall), await trade.InviteBuyerAsync(mall));
        await mall.RunSqlAsync(
            $"""
            create trigger sick before update on products when new.id = {trade.Products[0]} and new.stock < old.stock
            begin select raise(abort, 'this row is sick'); end
            """);

        var waiting = buyer.OrderAsync([(trade.Products[0], 1)], stop);
        while (WaitsOf(silo).Count == 0) await Task.Delay(20, stop);
        Assert.True((await another.OrderAsync([(trade.Products[1], 1)], stop)).IsAcknowledged);
        var known = WaitsOf(silo).Count;
        while (!WaitsOf(silo).Skip(known).Any(wait => wait > s_wait)) await Task.Delay(20, stop);
        silo.Terminate();
        var exitCode = await silo.ExitCodeAsync(s_endsWithin);

        Assert.True(exitCode == 0, $"Exit code {exitCode}.{Environment.NewLine}{silo.Tail()}");
        await mall.RunSqlAsync("drop trigger sick");
        await mall.OpenAsync(stop);
        Assert.True((await waiting).IsAcknowledged);
        await trade.AuditAsync(_ => { });
    }

    [Fact(Timeout = 60_000)]
    public async Task TerminateTwice_WhileARequestKeepsItFromDraining_EndsAtOnce()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(stop);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", mall.HttpPort, stop);
        await client.GetStream().WriteAsync(HalfARequest(), stop);

        silo.Terminate();
        await UntilRefusingAsync(mall, stop);
        Assert.False(silo.HasExited, "It did not wait for the request, so this test shows nothing.");
        silo.Terminate();

        Assert.NotEqual(0, await silo.ExitCodeAsync(TimeSpan.FromSeconds(5)));
    }

    private static List<TimeSpan> WaitsOf(SiloProcess silo) =>
    [
        .. from line in silo.OutputLines
           select Wait.Match(line) into told
           where told.Success
           select TimeSpan.FromMilliseconds(double.Parse(told.Groups[1].Value, CultureInfo.InvariantCulture)),
    ];

    /// <summary>The body is announced and never comes.</summary>
    private static byte[] HalfARequest() => Encoding.ASCII.GetBytes(
        "POST /v1/sessions HTTP/1.1\r\nHost: mall\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"mobile\":");

    private static async Task UntilRefusingAsync(Installation mall, CancellationToken stop)
    {
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync("127.0.0.1", mall.HttpPort, stop);
            }
            catch (SocketException)
            {
                return;
            }

            await Task.Delay(10, stop);
        }
    }
}
