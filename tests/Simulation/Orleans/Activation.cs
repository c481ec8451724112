using System.Reflection;
using Orleans.GrainDirectory;

namespace Mall.Simulation;

/// <summary>
/// One activation of a real grain: its turns, and who may take one. One request at a time, unless the grain is reentrant, the
/// method interleaves, or both only read. A request that has begun is seen through, whoever still waits for it.
/// </summary>
internal sealed class Activation : IGrainContext
{
    private delegate void EnterContext(IGrainContext? context, out IGrainContext? before);

    // The grain's constructor asks for it, and Orleans lets nobody else set it.
    private static readonly EnterContext s_enter = typeof(IGrainContext).Assembly.GetType("Orleans.Runtime.RuntimeContext")!
        .GetMethod("SetExecutionContext", BindingFlags.Static | BindingFlags.NonPublic)!.CreateDelegate<EnterContext>();

    private readonly SimulatedSilo _silo;
    private readonly SimulatedScheduler _turns;
    private readonly List<Message> _waiting = [];
    private readonly List<Message> _running = [];
    private Message? _blocking;
    private Grain? _grain;

    public Activation(SimulatedSilo silo, GrainId id, GrainKind kind)
    {
        (_silo, GrainId, Kind) = (silo, id, kind);
        _turns = new SimulatedScheduler(silo.Process);
        LastUsed = silo.Process.World.Now;
    }

    public GrainId GrainId { get; }

    public GrainKind Kind { get; }

    public TimeSpan LastUsed { get; private set; }

    public int Busy => _running.Count + _waiting.Count;

    public bool IsIdle => Busy == 0 && State == ActivationState.Valid;

    public ActivationState State { get; private set; } = ActivationState.Activating;

    public object? GrainInstance => _grain;

    public IServiceProvider ActivationServices => _silo.Services;

    /// <summary>The directory knows it: from now on it takes requests.</summary>
    public void Begin() => _turns.Run(() =>
    {
        if (State == ActivationState.Activating) _ = BeginAsync(); // it observes its failures
    });

    public void Receive(Message message)
    {
        LastUsed = _silo.Process.World.Now;
        _waiting.Add(message);
        _turns.Run(Pump);
    }

    /// <summary>No new request begins; once none runs it ends, and who waits is sent to its successor.</summary>
    public void Deactivate(DeactivationReason reason, CancellationToken cancellationToken = default)
    {
        if (State is ActivationState.Deactivating or ActivationState.Invalid) return;
        State = ActivationState.Deactivating;
        Reason = reason;
        if (_running.Count == 0) EndSoon();
    }

    private DeactivationReason Reason { get; set; }

    /// <summary>It never was: another holds the place, or nobody could be asked.</summary>
    /// <returns>Who has come meanwhile.</returns>
    public IReadOnlyList<Message> Abandon()
    {
        State = ActivationState.Invalid;
        Message[] left = [.. _waiting];
        _waiting.Clear();
        return left;
    }

    private async Task BeginAsync()
    {
        try
        {
            s_enter(this, out var before);
            try
            {
                _grain = (Grain)Kind.Create(_silo.Services, null);
            }
            finally
            {
                s_enter(before, out _);
            }

            await _grain.OnActivateAsync(CancellationToken.None);
            if (State == ActivationState.Activating) State = ActivationState.Valid;
            _silo.NoteBegun(this);
            Pump();
        }
        catch (Exception failure) // A grain may throw anything; its callers are told.
        {
            foreach (var message in Abandon()) _silo.Reject(message, failure.Message);
            _silo.Forget(this);
        }
    }

    private void Pump()
    {
        for (var i = 0; i < _waiting.Count && State == ActivationState.Valid;)
        {
            var message = _waiting[i];
            if (!MayBegin(message))
            {
                i++;
                continue;
            }

            _waiting.RemoveAt(i);
            if (message.Expires < _silo.Process.World.Now) continue; // Orleans drops what nobody waits for any more.
            _running.Add(message);
            if (_blocking is null && !message.IsAlwaysInterleave) _blocking = message;
            _ = RunAsync(message); // it observes its failures
        }
    }

    private bool MayBegin(Message message) =>
        _running.Count == 0 || message.IsAlwaysInterleave || _blocking is null || Kind.IsReentrant
        || (_blocking.IsReadOnly && message.IsReadOnly);

    private async Task RunAsync(Message message)
    {
        _silo.Process.Trace($"begins {message.What}");
        byte[] answer;
        try
        {
            var request = (IInvokable)GrainTypes.Read(message.Body);
            request.SetTarget(this);
            using var response = await request.Invoke();
            if (response.Exception is { } thrown)
                _silo.Process.Trace($"{message.What} throws {thrown.GetType().Name}: {thrown.Message}");
            answer = GrainTypes.Write(response);
        }
        catch (Exception failure) // As Orleans does with what cannot be read or written: the caller is told.
        {
            _silo.Process.Trace($"{message.What} fails: {failure.GetType().Name}");
            answer = GrainTypes.Write(Response.FromException(failure));
        }

        _silo.Answer(message, answer);
        _running.Remove(message);
        if (_blocking == message) _blocking = null;
        LastUsed = _silo.Process.World.Now;
        if (State == ActivationState.Deactivating && _running.Count == 0) EndSoon();
        else Pump();
    }

    private void EndSoon() =>
        Task.Factory.StartNew(EndAsync, CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap();

    private async Task EndAsync()
    {
        try
        {
            if (_grain is not null)
                await _grain.OnDeactivateAsync(Reason, CancellationToken.None).WaitAsync(s_longestEnd, _silo.Process.Clock);
        }
        catch (Exception failure) // Orleans goes on, too.
        {
            _silo.Process.Trace($"{GrainId} fails to end: {failure.GetType().Name}");
        }

        _silo.Forget(this);
        foreach (var message in Abandon()) _silo.Forward(message);
    }

    private static readonly TimeSpan s_longestEnd = TimeSpan.FromSeconds(30);

    public object? GetTarget() => _grain;

    public object? GetComponent(Type componentType) => null;

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    // What the mall's grains do not use.
    public GrainReference GrainReference => throw new NotSupportedException();

    public ActivationId ActivationId => default;

    public GrainAddress Address => throw new NotSupportedException();

    public IGrainLifecycle ObservableLifecycle => throw new NotSupportedException();

    public IWorkItemScheduler Scheduler => throw new NotSupportedException();

    public Task Deactivated => throw new NotSupportedException();

    public void SetComponent<TComponent>(TComponent? value) where TComponent : class => throw new NotSupportedException();

    public void ReceiveMessage(object message) => Receive((Message)message);

    public void Activate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) => Begin();

    public void Rehydrate(IRehydrationContext context) => throw new NotSupportedException();

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}

/// <summary>As in Orleans: only a valid one begins requests.</summary>
internal enum ActivationState
{
    Activating,
    Valid,
    Deactivating,
    Invalid,
}
