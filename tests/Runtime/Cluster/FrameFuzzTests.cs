using System.Buffers;
using System.Collections.Concurrent;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>
/// What a silo does with frames that nobody in his right mind would send, from a peer that has proven to know the secret.
/// </summary>
public sealed class FrameFuzzTests
{
    private const int FramesPerSeed = 20_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Receive_OfMutatedFrames_ThrowsWireFormatExceptionAtTheWorst(int seed)
    {
        var transport = new RecordingTransport();
        await using var silo = await TestSilo.StartAsync(options: o => o.SerializeLocalCalls = true, silo: b =>
            b.Services.AddSingleton<ITransport>(s => transport.For(s.GetRequiredService<IMembership>())));
        await MakeSpecimensAsync(silo);
        var specimens = transport.Frames.ToArray();
        Assert.True(specimens.Length >= 6, "Too few kinds of frames to mutate.");

        var random = new Random(seed);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < FramesPerSeed; i++)
        {
            var frame = Mutate(specimens[random.Next(specimens.Length)], specimens[random.Next(specimens.Length)], random);
            try
            {
                transport.Receiver!.Receive(new SiloAddress("stranger:1", 1), frame);
            }
            catch (WireFormatException)
            {
                // As it should be.
            }
        }

        var perFrame = (GC.GetTotalAllocatedBytes(precise: true) - before) / FramesPerSeed;
        Assert.True(perFrame < 64 * 1024, $"{perFrame:N0} bytes were allocated for a frame.");
        // Another grain than those of the specimens: a mutated frame may well have asked one of them to wait for ever.
        Assert.Equal(3, await silo.Grains.GetGrain<IPlacedGrain>(987_654_321).Echo(3));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Link_ThatCarriesNonsense_IsEndedAndTheSiloGoesOn(int seed)
    {
        var network = new MemoryNetwork(seed);
        await using var silo = TransportEnd.Start(network, "silo:1");
        await using var friend = TransportEnd.Start(network, "friend:1");
        var random = new Random(seed);
        for (var i = 0; i < 100; i++)
        {
            await using var enemy = TransportEnd.Start(network, $"enemy {i}:1");
            var bytes = new byte[random.Next(1, 2_000)];
            random.NextBytes(bytes);
            enemy.Transport.Send(silo.Self, new RawFrame(bytes));
            enemy.Transport.Send(silo.Self, new RawFrame([.. BitConverter.GetBytes(random.Next()), .. bytes]));
        }

        friend.Send(silo, "hello");
        await TestSilo.Eventually(() => silo.Received.Any(r => r.Text == "hello"));
    }

    private static async Task MakeSpecimensAsync(TestSilo silo)
    {
        var grain = silo.Grains.GetGrain<IPlacedGrain>(1);
        RequestContext.Set("tenant", "a");
        RequestContext.Set("number", 7L);
        await grain.Echo(5);
        await grain.SizeOf(new string('x', 300));
        await grain.AskOther(2);
        await grain.Tell("something");
        await Assert.ThrowsAsync<InvalidOperationException>(() => grain.Fail("because"));
        using var cancellation = new CancellationTokenSource();
        var waits = grain.WaitForCancellation(cancellation.Token);
        await silo.Probe.Sees("waiting");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        RequestContext.Clear();
    }

    private static byte[] Mutate(byte[] frame, byte[] other, Random random)
    {
        var mutated = frame.ToList();
        for (var times = random.Next(1, 5); times > 0 && mutated.Count > 0; times--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(6))
            {
                case 0: mutated[at] = (byte)random.Next(256); break;
                case 1: mutated[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: mutated.RemoveRange(at, random.Next(mutated.Count - at)); break;
                case 3: mutated.Insert(at, (byte)random.Next(256)); break;
                case 4: mutated.InsertRange(at, other[..random.Next(other.Length)]); break;
                case 5: mutated.InsertRange(at, Enumerable.Repeat((byte)0xff, 9)); break;
            }
        }

        return [.. mutated];
    }

    /// <summary>Delivers to the silo itself, and keeps a copy of what it delivers.</summary>
    private sealed class RecordingTransport : ITransport
    {
        private LoopbackTransport? _loopback;

        public ConcurrentQueue<byte[]> Frames { get; } = new();

        public IFrameReceiver? Receiver { get; private set; }

        public RecordingTransport For(IMembership membership)
        {
            _loopback = new LoopbackTransport(membership, new ThreadPoolScheduler());
            return this;
        }

        public void Start(IFrameReceiver receiver)
        {
            Receiver = receiver;
            _loopback!.Start(new Tap(this, receiver));
        }

        public void Send(SiloAddress destination, IOutboundFrame frame) => _loopback!.Send(destination, frame);

        private sealed class Tap(RecordingTransport recording, IFrameReceiver receiver) : IFrameReceiver
        {
            public void Receive(SiloAddress source, ReadOnlySpan<byte> frame)
            {
                recording.Frames.Enqueue(frame.ToArray());
                receiver.Receive(source, frame);
            }

            public void Lost(SiloAddress peer, Exception reason) => receiver.Lost(peer, reason);
        }
    }

    private sealed class RawFrame(byte[] bytes) : IOutboundFrame
    {
        public bool IsAnswer => false;

        public void WriteTo(IBufferWriter<byte> output) => output.Write(bytes);

        public void Undeliverable(Exception reason)
        {
        }
    }
}
