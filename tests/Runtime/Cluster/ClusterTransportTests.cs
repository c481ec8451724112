using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Cluster;

public sealed class ClusterTransportTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Frames_OverAStreamThatComesInPieces_ArriveWholeAndInOrder(int seed)
    {
        var network = new MemoryNetwork(seed);
        await using var one = TransportEnd.Start(network, "one:1");
        await using var two = TransportEnd.Start(network, "two:1");
        two.Answer = static text => $"re {text}";

        var random = new Random(seed);
        string[] texts =
        [
            .. Enumerable.Range(0, 2_000).Select(i => $"{i} {new string('x', random.Next(i % 100 == 0 ? 200_000 : 300))}"),
        ];
        foreach (var text in texts) one.Send(two, text);

        await TestSilo.Eventually(() => one.Received.Count == texts.Length);
        Assert.Equal(texts, two.Received.Select(r => r.Text));
        Assert.Equal(texts.Select(t => $"re {t}"), one.Received.Select(r => r.Text));
        Assert.All(two.Received, r => Assert.Equal(one.Self, r.Source));
    }

    [Fact]
    public async Task Frame_ThatCannotBeWritten_FailsAloneAndLeavesNoTrace()
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1", o => o.MaxFrameBytes = 4096);
        await using var two = TransportEnd.Start(network, "two:1");

        one.Send(two, "before");
        var broken = one.Send(two, "cannot be written");
        var tooLong = one.Send(two, new string('x', 5000));
        var longest = one.Send(two, new string('y', 4095));
        one.Send(two, "after");

        await TestSilo.Eventually(() => two.Received.Count == 3);
        Assert.Equal(["before", new string('y', 4095), "after"], two.Received.Select(r => r.Text));
        Assert.IsType<InvalidOperationException>(broken.Undelivered);
        Assert.IsType<WireFormatException>(tooLong.Undelivered);
        Assert.Null(longest.Undelivered);
    }

    [Fact]
    public async Task Frame_ThatIsLongerThanTheReceiverTakes_EndsTheConnectionAndNothingElse()
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1");
        await using var other = TransportEnd.Start(network, "other:1");
        await using var two = TransportEnd.Start(network, "two:1", o => o.MaxFrameBytes = 4096);
        other.Send(two, "other's");
        await TestSilo.Eventually(() => two.Received.Count == 1);

        one.Send(two, new string('x', 5000));
        await TestSilo.Eventually(() => one.Losses.Count == 1);
        other.Send(two, "other's again");
        one.Send(two, "once more");

        await TestSilo.Eventually(() => two.Received.Count == 3);
        Assert.Empty(other.Losses);
        await TestSilo.Eventually(() => two.Log.Any(line => line.StartsWith("1107", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Send_ToNobody_IsUndeliverableAtOnce()
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1");
        var nobody = new SiloAddress("nobody:1", 1);

        var frame = one.Send(nobody, "hello?");
        await TestSilo.Eventually(() => frame.Undelivered is SiloUnavailableException);

        Assert.False(frame.IsWritten);
        Assert.Equal(ProbeFinding.Gone, (await one.Transport.ProbeAsync(nobody)).Finding);
    }

    [Fact]
    public async Task Probe_OfAnEarlierProcessAtTheSameEndpoint_FindsItGone()
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1");
        await using var two = TransportEnd.Start(network, "two:1");

        Assert.Equal(ProbeFinding.Gone, (await one.Transport.ProbeAsync(two.Self with { Generation = 77 })).Finding);
        Assert.Equal(ProbeFinding.Alive, (await one.Transport.ProbeAsync(two.Self)).Finding);
    }

    [Fact]
    public async Task Peer_ThatDoesNotRead_HoldsUpNobodyElse()
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1", o => o.MaxQueuedFrames = 100);
        await using var stuck = TransportEnd.Start(network, "stuck:1");
        await using var well = TransportEnd.Start(network, "well:1");
        one.Send(stuck, "hello");
        await TestSilo.Eventually(() => stuck.Received.Count == 1);

        network.Cut("one:1", "stuck:1");
        TextFrame[] piled = [.. Enumerable.Range(0, 400).Select(_ => one.Send(stuck, new string('x', 10_000)))];
        for (var i = 0; i < 50; i++) one.Send(well, $"{i}");

        await TestSilo.Eventually(() => well.Received.Count == 50);
        Assert.Contains(piled, f => f.Undelivered is LimitExceededException);
        network.MendAll();
        await TestSilo.Eventually(() => stuck.Received.Count == 1 + piled.Count(f => f.Undelivered is null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Link_ThatIsCutInOneDirection_IsGivenUpAndMadeAnewWhenItIsMended(bool outward)
    {
        var network = new MemoryNetwork();
        Action<ClusterOptions> quick = o => (o.Lease, o.ProbePeriod, o.ConnectTimeout) =
            (TimeSpan.FromMilliseconds(600), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100));
        await using var one = TransportEnd.Start(network, "one:1", quick);
        await using var two = TransportEnd.Start(network, "two:1", quick);
        one.Send(two, "hello");
        await TestSilo.Eventually(() => two.Received.Count == 1);

        if (outward) network.Cut("one:1", "two:1");
        else network.Cut("two:1", "one:1");
        await TestSilo.Eventually(() => one.Losses.Count == 1);
        Assert.Equal(ProbeFinding.Silent, (await one.Transport.ProbeAsync(two.Self)).Finding);

        network.MendAll();
        await TestSilo.Eventually(() => one.Transport.ProbeAsync(two.Self).Result.Finding == ProbeFinding.Alive);
        one.Send(two, "hello again");
        await TestSilo.Eventually(() => two.Received.Any(r => r.Text == "hello again"));
    }

    [Fact]
    public async Task Silo_WithoutALease_SendsNothingAndTakesNobodyIn()
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1");
        await using var two = TransportEnd.Start(network, "two:1");
        two.Answer = static text => text;
        one.Send(two, "hello");
        await TestSilo.Eventually(() => one.Received.Count == 1);

        two.Membership.MayServe = false;
        one.Send(two, "are you there?");
        await TestSilo.Eventually(() => one.Losses.Count == 1);

        Assert.Single(one.Received);
        Assert.Equal(ProbeFinding.Silent, (await one.Transport.ProbeAsync(two.Self)).Finding);
    }
}
