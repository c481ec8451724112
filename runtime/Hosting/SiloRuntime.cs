using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mall.Runtime;

/// <summary>
/// The runtime of one silo: what a call goes through between a reference and an activation. Applications reach it through
/// <see cref="IGrainFactory"/>; it is public only for generated code to pass on.
/// </summary>
public sealed class SiloRuntime : IDisposable
{
    private readonly FrozenDictionary<GrainType, GrainClass> _classes;
    private readonly IMembership _membership;
    private readonly IPlacement _placement;
    private readonly Sweeper _sweeper;
    private readonly long _responseTimeoutMs;
    private volatile Phase _phase = Phase.Starting;

    /// <summary>Made by the host.</summary>
    public SiloRuntime(
        IServiceProvider services, IOptions<SiloOptions> options, TimeProvider time, IWorkScheduler scheduler, IRandomSource random,
        IMembership membership, IPlacement placement, IEnumerable<IIncomingGrainCallFilter> incomingFilters,
        IEnumerable<IOutgoingGrainCallFilter> outgoingFilters, ILogger<SiloRuntime> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        Services = services;
        Options = options.Value;
        Time = time;
        Scheduler = scheduler;
        _membership = membership;
        _placement = placement;
        Filters = new CallFilters(incomingFilters, outgoingFilters);
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
        var manifest = LoadedManifests.Read([typeof(SiloRuntime).Assembly]);
        References = new GrainReferences(this, manifest);
        _classes = manifest.GrainClasses.Keys
            .Select(c => new GrainClass(c, GrainTypes.Of(c), this))
            .ToFrozenDictionary(c => c.Type);
        _sweeper = new Sweeper(this);
    }

    private enum Phase : byte
    {
        Starting,
        Serving,
        Draining,
        Stopped,
    }

    internal IServiceProvider Services { get; }

    internal SiloOptions Options { get; }

    internal TimeProvider Time { get; }

    internal IWorkScheduler Scheduler { get; }

    internal CallFilters Filters { get; }

    internal RuntimeLog Log { get; }

    internal CoarseClock Clock { get; }

    internal Catalog Catalog { get; }

    internal GrainReferences References { get; }

    internal IReadOnlyCollection<GrainClass> Classes => _classes.Values;

    internal int MailboxLimit { get; }

    internal int TurnsPerBatch { get; }

    internal long CollectionAgeMs { get; }

    internal long ActivationTimeoutMs { get; }

    internal long DeactivationTimeoutMs { get; }

    /// <inheritdoc/>
    public void Dispose() => _sweeper.Dispose();

    internal void Start()
    {
        _sweeper.Start();
        _phase = Phase.Serving;
        Log.Started(_membership.Self, _classes.Count);
    }

    /// <summary>Whether this silo owns the grain, in its own view.</summary>
    internal bool OwnsHere(in GrainId grainId) => Equals(_placement.OwnerOf(grainId, _membership.Current), _membership.Self);

    /// <summary>Sends a request that has just been made.</summary>
    internal void Send(GrainRequest request)
    {
        if (_phase != Phase.Serving && !MaySendNow(request)) return;
        request.Deadline = Clock.Now + _responseTimeoutMs;
        if (RequestContext.Current is { } context) request.EnsureExtras().Context = context;
        Dispatch(request);
    }

    /// <summary>Takes a request to its activation. Also for one whose activation has ended before it started.</summary>
    internal void Dispatch(GrainRequest request)
    {
        var target = request.Target;
        var activation = target.LastActivation;
        if (activation is null || activation.HasEnded || activation.Class.IsStatelessWorker)
        {
            activation = FindActivation(request);
            if (activation is null) return;
            target.LastActivation = activation;
        }

        if (!activation.TryReceive(request))
            request.Refuse(new MailboxFullException($"{target.GrainId} has {activation.QueueLength} requests waiting, {MailboxLimit} are allowed."));
    }

    /// <summary>The activation that should take the request; null when the request has been answered or sent elsewhere.</summary>
    private Activation? FindActivation(GrainRequest request)
    {
        ref readonly var grainId = ref request.Target.GrainIdRef;
        if (_phase == Phase.Stopped)
        {
            request.Refuse(new SiloUnavailableException($"Silo {_membership.Self} has stopped."));
            return null;
        }

        if (!_classes.TryGetValue(grainId.Type, out var grainClass))
        {
            request.Refuse(new ArgumentException($"No grain class is known here for {grainId}."));
            return null;
        }

        return Catalog.GetOrAdd(grainClass, grainId);
    }

    /// <summary>While the silo starts and stops, some callers must be refused.</summary>
    private bool MaySendNow(GrainRequest request)
    {
        // Grains may go on calling each other while their requests end; nobody outside may start something new.
        if (_phase == Phase.Draining && request.Caller is Activation) return true;
        if (_phase == Phase.Starting) request.Refuse(new SiloUnavailableException($"Silo {_membership.Self} has not started."));
        else request.Refuse(new SiloUnavailableException($"Silo {_membership.Self} is stopping."));
        return false;
    }

    internal async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (_phase != Phase.Serving) return;
        _phase = Phase.Draining;
        await Task.CompletedTask;
        _phase = Phase.Stopped;
    }

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
