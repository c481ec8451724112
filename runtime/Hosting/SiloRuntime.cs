using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mall.Runtime;

/// <summary>
/// The runtime of one silo, and what it is made of. Applications reach it through <see cref="IGrainFactory"/> and
/// <see cref="IRuntimeStatistics"/>; it is public only for generated code to pass on.
/// </summary>
public sealed partial class SiloRuntime : IDisposable
{
    private readonly TypeManifestBuilder _manifest;
    private FrozenDictionary<GrainType, GrainClass> _classes = FrozenDictionary<GrainType, GrainClass>.Empty;
    private readonly IMembership _membership;
    private readonly IPlacement _placement;
    private readonly ITransport _transport;
    private readonly long _responseTimeoutMs;
    private readonly bool _isAlone;
    private volatile Phase _phase = Phase.Starting;

    /// <summary>Made by the host.</summary>
    public SiloRuntime(
        IServiceProvider services, IOptions<SiloOptions> options, TimeProvider time, IWorkScheduler scheduler,
        IRandomSource random, IMembership membership, IPlacement placement, ITransport transport, IMeterFactory meters,
        ILogger<SiloRuntime> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        Services = services;
        Options = options.Value;
        Time = time;
        Scheduler = scheduler;
        _membership = membership;
        _isAlone = membership is SingleSiloMembership;
        _transport = transport;
        _placement = placement;
        Log = new RuntimeLog(logger);
        Clock = new CoarseClock(time);
        Catalog = new Catalog(random.NextUInt64());
        MailboxLimit = Options.MailboxLimit;
        TurnsPerBatch = Options.TurnsPerBatch;
        // The coarse clock may be a period behind when a call is sent; the added period keeps it from ending early.
        _responseTimeoutMs = Milliseconds(Options.ResponseTimeout + Options.SweepPeriod);
        CollectionAgeMs = Milliseconds(Options.CollectionAge);
        ActivationTimeoutMs = Milliseconds(Options.ActivationTimeout);
        DeactivationTimeoutMs = Milliseconds(Options.DeactivationTimeout);

        _manifest = LoadedManifests.Read();
        References = new GrainReferences(this, _manifest);
        Remote = new RemoteCalls(this, membership, transport, _manifest);
        Handover = new Handover(this, placement);
        Sweeper = new Sweeper(this);
        Statistics = new RuntimeStatistics(this, meters);
    }

    /// <summary>Where a transport delivers the frames that come in; it is also given to <see cref="ITransport.Start"/>.</summary>
    public IFrameReceiver FrameReceiver => Remote;

    internal IServiceProvider Services { get; }

    internal SiloOptions Options { get; }

    internal TimeProvider Time { get; }

    internal IWorkScheduler Scheduler { get; }

    internal SiloAddress Self => _membership.Self;

    internal MembershipView View => _membership.Current;

    /// <summary>Empty until the start: a filter may itself want an <see cref="IGrainFactory"/>.</summary>
    internal CallFilters Filters { get; private set; } = new([], []);

    internal RuntimeLog Log { get; }

    internal CoarseClock Clock { get; }

    internal Catalog Catalog { get; }

    internal GrainReferences References { get; }

    internal RemoteCalls Remote { get; }

    internal Handover Handover { get; }

    internal Sweeper Sweeper { get; }

    internal RuntimeStatistics Statistics { get; }

    internal IReadOnlyCollection<GrainClass> Classes => _classes.Values;

    internal int MailboxLimit { get; }

    internal int TurnsPerBatch { get; }

    internal long CollectionAgeMs { get; }

    internal long ActivationTimeoutMs { get; }

    internal long DeactivationTimeoutMs { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Sweeper.Dispose();
        Statistics.Dispose();
    }

    private FrozenDictionary<GrainType, GrainClass> MakeClasses()
    {
        var classes = new Dictionary<GrainType, GrainClass>();
        if (!Options.HostsGrains) return FrozenDictionary<GrainType, GrainClass>.Empty;
        foreach (var grainClass in _manifest.GrainClasses.Keys)
        {
            var type = GrainTypes.Of(grainClass);
            if (classes.TryGetValue(type, out var other))
                throw new InvalidOperationException(
                    $"{grainClass} and {other.Implementation} both stand for the grain type '{type}': rename one.");
            classes.Add(type, new GrainClass(grainClass, type, this));
        }

        return classes.ToFrozenDictionary();
    }

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
