using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Cluster;

public sealed class HandshakeTests
{
    private const int PreambleLength = 8;

    [Theory]
    [InlineData(nameof(Refusal.Secret))]
    [InlineData(nameof(Refusal.Cluster))]
    public async Task Processes_ThatDifferInWhatTheyMustShare_RefuseEachOtherAndBothSaySo(string difference)
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1");
        await using var two = TransportEnd.Start(network, "two:1", o =>
        {
            if (difference == nameof(Refusal.Secret)) o.Secret = "another secret";
            else o.ClusterId = "another cluster";
        });

        var answer = await one.Transport.ProbeAsync(two.Self);

        Assert.Equal(ProbeFinding.Misfit, answer.Finding);
        Assert.Equal(difference, answer.Refusal.ToString());
        await TestSilo.Eventually(() => one.Log.Any(
            line => line.StartsWith("1105", StringComparison.Ordinal) && line.Contains(difference, StringComparison.Ordinal)));
        await TestSilo.Eventually(() => two.Log.Any(
            line => line.StartsWith("1106", StringComparison.Ordinal) && line.Contains(difference, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Dialer_OfAnotherVersion_IsToldTheVersionAndSoIsTheLog()
    {
        var network = new MemoryNetwork();
        await using var silo = TransportEnd.Start(network, "silo:1");
        var future = new byte[PreambleLength];
        "MALL"u8.CopyTo(future);
        BinaryPrimitives.WriteUInt16LittleEndian(future.AsSpan(4), 999);

        await using var stream = await network.At("stranger").ConnectAsync("silo:1", CancellationToken.None);
        await stream.WriteAsync(future, TestContext.Current.CancellationToken);
        var answer = await ReadMessageAsync(stream);

        Assert.Equal(ClusterTransport.ProtocolVersion, BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(4)));
        await TestSilo.Eventually(() => silo.Log.Any(
            line => line.StartsWith("1106", StringComparison.Ordinal) && line.Contains("999", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Acceptor_OfAnotherVersion_IsAMisfit()
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1");
        using var listener = network.At("future:1").Listen("future:1");
        var probe = one.Transport.ProbeAsync(new SiloAddress("future:1", 1));
        await using var stream = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        var hello = await ReadMessageAsync(stream);
        BinaryPrimitives.WriteUInt16LittleEndian(hello.AsSpan(4), 999);
        await stream.WriteAsync(hello, TestContext.Current.CancellationToken);

        Assert.Equal(Refusal.Version, (await probe).Refusal);
        await TestSilo.Eventually(() => one.Log.Any(
            line => line.StartsWith("1105", StringComparison.Ordinal) && line.Contains("999", StringComparison.Ordinal)));
    }

    /// <summary>Why it was refused is told here, too, when there is nobody any more to tell it to.</summary>
    [Fact]
    public async Task Dialer_ThatIsRefusedAndHasHungUp_IsToldOfAllTheSame()
    {
        await using var one = TransportEnd.Start(new HangingUpNetwork([.. "MALL"u8, 231, 3, 0, 0]), "one:1");

        await TestSilo.Eventually(() => one.Log.Any(
            line => line.StartsWith("1106", StringComparison.Ordinal) && line.Contains("999", StringComparison.Ordinal)));
    }

    /// <summary>Whoever has listened to a conversation can repeat the dialer's part of it, but not to a new challenge.</summary>
    [Fact]
    public async Task Dialer_ThatRepeatsAnOldConversation_IsRefused()
    {
        var network = new MemoryNetwork();
        await using var two = TransportEnd.Start(network, "two:1");
        var (hello, proof) = await OverhearAsync(network, two, "secret");
        await TestSilo.Eventually(() => two.Log.Any(line => line.StartsWith("1108", StringComparison.Ordinal)));

        await using var stream = await network.At("thief").ConnectAsync("two:1", CancellationToken.None);
        await stream.WriteAsync(hello, TestContext.Current.CancellationToken);
        await ReadMessageAsync(stream);
        await stream.WriteAsync(proof, TestContext.Current.CancellationToken);

        await TestSilo.Eventually(() => two.Log.Any(
            line => line.StartsWith("1106 A process that wanted to connect was refused (Secret)", StringComparison.Ordinal)));
        Assert.Single(two.Log, line => line.StartsWith("1108", StringComparison.Ordinal));
    }

    /// <summary>A false silo that hands the dialer's own proof back has not shown that it knows the secret.</summary>
    [Fact]
    public async Task Acceptor_ThatReflectsTheDialersProof_IsNotBelieved()
    {
        var network = new MemoryNetwork();
        await using var one = TransportEnd.Start(network, "one:1");
        using var listener = network.At("false:1").Listen("false:1");
        var probe = one.Transport.ProbeAsync(new SiloAddress("false:1", 1));
        await using var stream = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        // A number for a challenge is all it takes.
        await stream.WriteAsync(await ReadMessageAsync(stream), TestContext.Current.CancellationToken);
        await stream.WriteAsync(await ReadMessageAsync(stream), TestContext.Current.CancellationToken);

        Assert.Equal(Refusal.Secret, (await probe).Refusal);
    }

    [Fact]
    public async Task Secret_IsNeverOnTheWire()
    {
        var network = new MemoryNetwork();
        await using var two = TransportEnd.Start(network, "two:1", o => o.Secret = "swordfish");
        var (hello, proof) = await OverhearAsync(network, two, "swordfish");

        Assert.DoesNotContain("swordfish", System.Text.Encoding.Latin1.GetString([.. hello, .. proof]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Strangers_WhoTalkNonsense_AreTurnedAwayAndTheSiloGoesOn(int seed)
    {
        var network = new MemoryNetwork(seed);
        await using var silo = TransportEnd.Start(network, "silo:1");
        await using var friend = TransportEnd.Start(network, "friend:1");
        var random = new Random(seed);
        for (var i = 0; i < 200; i++)
        {
            await using var stream = await network.At($"stranger {i}").ConnectAsync("silo:1", CancellationToken.None);
            await stream.WriteAsync(Nonsense(random), TestContext.Current.CancellationToken);
        }

        friend.Send(silo, "hello");
        await TestSilo.Eventually(() => silo.Received.Count == 1);
        Assert.DoesNotContain(
            silo.Log,
            line => line.StartsWith("1108", StringComparison.Ordinal) && !line.Contains("friend", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Processes_WithOneCertificate_TalkOverTls_AndOthersDoNotGetIn()
    {
        using var ours = SelfSigned();
        using var others = SelfSigned();
        var network = new MemoryNetwork(3);
        await using var one = TransportEnd.Start(network, "one:1", o => o.Certificate = ours);
        await using var two = TransportEnd.Start(network, "two:1", o => o.Certificate = ours);
        await using var stranger = TransportEnd.Start(network, "stranger:1", o => o.Certificate = others);
        await using var plain = TransportEnd.Start(network, "plain:1");
        two.Answer = static text => $"re {text}";

        for (var i = 0; i < 200; i++) one.Send(two, $"{i} {new string('x', 1_000)}");
        await TestSilo.Eventually(() => one.Received.Count == 200);

        foreach (var (dialer, acceptor) in new[] { (stranger, two), (plain, two), (one, plain) })
        {
            Assert.Equal(Refusal.Certificate, (await dialer.Transport.ProbeAsync(acceptor.Self)).Refusal);
            await TestSilo.Eventually(() => acceptor.Log.Any(line => line.StartsWith("1106", StringComparison.Ordinal)));
        }
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mall", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>Lets somebody connect through a wire that is listened in on; gives what the dialer has said.</summary>
    private static async Task<(byte[] Hello, byte[] Proof)> OverhearAsync(
        MemoryNetwork network, TransportEnd acceptor, string secret)
    {
        // The listener in the middle answers at the acceptor's name in a network of its own.
        var middle = new MemoryNetwork();
        using var listener = middle.At("middle").Listen(acceptor.Self.Endpoint);
        await using var dialer = TransportEnd.Start(middle, "dialer:1", o => o.Secret = secret);
        var probe = dialer.Transport.ProbeAsync(acceptor.Self);
        await using var left = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        await using var right = await network.At("middle").ConnectAsync(acceptor.Self.Endpoint, CancellationToken.None);
        var hello = await ReadMessageAsync(left);
        await right.WriteAsync(hello, TestContext.Current.CancellationToken);
        await left.WriteAsync(await ReadMessageAsync(right), TestContext.Current.CancellationToken);
        var proof = await ReadMessageAsync(left);
        await right.WriteAsync(proof, TestContext.Current.CancellationToken);
        await left.WriteAsync(await ReadMessageAsync(right), TestContext.Current.CancellationToken);
        Assert.Equal(ProbeFinding.Alive, (await probe).Finding);
        return (hello, proof);
    }

    private static async Task<byte[]> ReadMessageAsync(Stream stream)
    {
        var preamble = new byte[PreambleLength];
        await stream.ReadExactlyAsync(preamble, TestContext.Current.CancellationToken);
        var body = new byte[BinaryPrimitives.ReadUInt16LittleEndian(preamble.AsSpan(6))];
        await stream.ReadExactlyAsync(body, TestContext.Current.CancellationToken);
        return [.. preamble, .. body];
    }

    private static byte[] Nonsense(Random random)
    {
        var bytes = new byte[random.Next(1, 300)];
        random.NextBytes(bytes);
        if (random.Next(2) == 0 || bytes.Length < PreambleLength) return bytes;
        "MALL"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), ClusterTransport.ProtocolVersion);
        if (random.Next(2) == 0)
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), (ushort)(bytes.Length - PreambleLength));
        return bytes;
    }
}
