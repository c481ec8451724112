namespace Mall.Simulation;

internal enum ActivationState { Activating, Valid, Deactivating, Invalid }

/// <summary>One activation of a real grain: its turns, and who may take one. One request at a time, unless the grain is reentrant
/// or the method interleaves. A request that has begun is seen through, whoever still waits for it.</summary>
internal sealed class Activation(SimulatedSilo silo, GrainId id) : IGrainContext
{
    private delegate void EnterContext(IGrainContext? context, out IGrainContext? before);

    private static readonly TimeSpan s_longestEnd = TimeSpan.FromSeconds(30);

    // The grain's constructor asks for it, and Orleans lets nobody else set it.
    private static readonly EnterContext s_enter = typeof(IGrainContext).Assembly.GetType("Orleans.Runtime.RuntimeContext")!
        .GetMethod("SetExecutionContext", BindingFlags.Static | BindingFlags.NonPublic)!.CreateDelegate<EnterContext>();

    private readonly SimulatedScheduler _turns = new(silo.Process);
    private readonly List<Message> _waiting = [];
    private readonly List<Message> _running = [];
    private Message? _blocking;
    private Grain? _grain;

    public GrainId GrainId => id;
    public GrainKind Kind { get; } = GrainTypes.Of(id);
    public ActivationState State { get; private set; } = ActivationState.Activating;

    /// <summary>The directory knows it: from now on it takes requests.</summary>
    public void Begin() => _turns.Start(async () =>
    {
        if (State != ActivationState.Activating) return;
        try
        {
            s_enter(this, out var before);
            _grain = (Grain)Kind.Create(silo.Services, null);
            s_enter(before, out _);
            await _grain.OnActivateAsync(CancellationToken.None);
            if (State == ActivationState.Activating) State = ActivationState.Valid;
            silo.NoteBegun(id);
            Pump();
        }
        catch (Exception failure) // A grain may throw anything; its callers are told.
        {
            Abandon(message => silo.Reject(message, failure.Message));
        }
    });

    public void Receive(Message message)
    {
        _waiting.Add(message);
        _turns.Start(Pump);
    }

    /// <summary>No new request begins; once none runs it ends, and who waits is sent to its successor.</summary>
    public void Deactivate(DeactivationReason reason, CancellationToken cancellationToken = default)
    {
        if (State is ActivationState.Deactivating or ActivationState.Invalid) return;
        State = ActivationState.Deactivating;
        if (_running.Count == 0) EndSoon();
    }

    /// <summary>It is no more, or never was: another holds the place, or nobody could be asked.</summary>
    public void Abandon(Action<Message> tell)
    {
        State = ActivationState.Invalid;
        silo.Forget(this);
        _waiting.ForEach(tell);
        _waiting.Clear();
    }

    private void Pump()
    {
        while (State == ActivationState.Valid && _waiting.Find(MayBegin) is { } message)
        {
            _waiting.Remove(message);
            if (message.Expires < silo.Process.World.Now) continue; // Orleans drops what nobody waits for any more.
            _running.Add(message);
            if (_blocking is null && !message.IsAlwaysInterleave) _blocking = message;
            _ = RunAsync(message); // it observes its failures
        }
    }

    private bool MayBegin(Message message) => _blocking is null || message.IsAlwaysInterleave || Kind.IsReentrant;

    private async Task RunAsync(Message message)
    {
        silo.Process.Trace($"begins {message.What}");
        byte[] answer;
        try
        {
            var request = (IInvokable)GrainTypes.Read(message.Body);
            request.SetTarget(this);
            using var response = await request.Invoke();
            if (response.Exception is { } thrown)
                silo.Process.Trace($"{message.What} throws {thrown.GetType().Name}: {thrown.Message}");
            answer = GrainTypes.Write(response);
        }
        catch (Exception failure) // As Orleans does with what cannot be read or written: the caller is told.
        {
            silo.Process.Trace($"{message.What} fails: {failure.GetType().Name}");
            answer = GrainTypes.Write(Response.FromException(failure));
        }

        silo.Answer(message, answer);
        _running.Remove(message);
        if (_blocking == message) _blocking = null;
        if (State == ActivationState.Deactivating && _running.Count == 0) EndSoon();
        else Pump();
    }

    private void EndSoon() => _turns.Start(async () =>
    {
        try
        {
            var end = _grain?.OnDeactivateAsync(default, CancellationToken.None) ?? Task.CompletedTask;
            await end.WaitAsync(s_longestEnd, silo.Process.Clock);
        }
        catch (Exception failure) // Orleans goes on, too.
        {
            silo.Process.Trace($"{id} fails to end: {failure.GetType().Name}");
        }

        Abandon(silo.Send);
    });

    public object? GrainInstance => _grain;
    public IServiceProvider ActivationServices => silo.Services;
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
    public void ReceiveMessage(object message) => throw new NotSupportedException();
    public void Activate(Dictionary<string, object>? context, CancellationToken token) => throw new NotSupportedException();
    public void Rehydrate(IRehydrationContext context) => throw new NotSupportedException();
    public void Migrate(Dictionary<string, object>? context, CancellationToken token) => throw new NotSupportedException();
}
