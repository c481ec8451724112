namespace Mall.Simulation;

/// <summary>The calling side of Orleans in one process: makes grain references, sends what is called on them, waits for answers.
/// A call is sent once; its caller is told after the response timeout at the latest, while whoever was called goes on.</summary>
internal abstract class GrainCaller : IGrainFactory, IGrainReferenceRuntime
{
    private static readonly TimeSpan s_responseTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(1);

    private readonly Dictionary<Type, Func<IdSpan, object>> _factories = [];
    private readonly Dictionary<long, (Message Message, Action<Response> Complete)> _calls = [];
    private long _number;

    protected GrainCaller(SimulatedProcess process)
    {
        Process = process;
        process.Schedule(s_sweep, Sweep);
    }

    public SimulatedProcess Process { get; }
    protected virtual SimulatedSilo? Gateway => null;
    public abstract void Send(Message message);

    public TGrain GetGrain<TGrain>(long primaryKey, string? grainClassNamePrefix = null) where TGrain : IGrainWithIntegerKey =>
        Refer<TGrain>(GrainIdKeyExtensions.CreateIntegerKey(primaryKey));
    public TGrain GetGrain<TGrain>(string primaryKey, string? grainClassNamePrefix = null) where TGrain : IGrainWithStringKey =>
        Refer<TGrain>(IdSpan.Create(primaryKey));

    public ValueTask<T?> InvokeMethodAsync<T>(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        var what = $"{reference.GrainId} {request.GetMethodName()} ({Process.Name} {++_number})";
        var expires = Process.World.Now + (request.GetDefaultResponseTimeout() ?? s_responseTimeout);
        var message = new Message(_number, this, reference.GrainId, what, GrainTypes.Write(request), options, expires, Gateway);
        var answer = new TaskCompletionSource<T?>();
        _calls.Add(_number, (message, response =>
        {
            if (response.Exception is { } failure) answer.SetException(failure);
            else answer.SetResult(response.GetResult<T>());
        }));
        Send(message);
        return new(answer.Task);
    }

    public ValueTask InvokeMethodAsync(GrainReference reference, IInvokable request, InvokeMethodOptions options) =>
        new(InvokeMethodAsync<object>(reference, request, options).AsTask());

    public void Receive(Message message, byte[] answer)
    {
        if (_calls.Remove(message.Number, out var call)) call.Complete((Response)GrainTypes.Read(answer));
        else Process.Trace($"too late: answer to {message.What}");
    }

    public void Lose(Message message, Exception why)
    {
        if (!_calls.Remove(message.Number, out var call)) return;
        Process.Trace($"{why.GetType().Name}: {message.What}");
        call.Complete(Response.FromException(why));
    }

    protected void LoseAll(Func<Message, bool> which, Func<Message, Exception> why)
    {
        foreach (var message in _calls.Values.Select(call => call.Message).Where(which).ToArray()) Lose(message, why(message));
    }

    private TGrain Refer<TGrain>(IdSpan key)
    {
        if (!_factories.TryGetValue(typeof(TGrain), out var factory))
            _factories.Add(typeof(TGrain), factory = GrainTypes.Factory(typeof(TGrain), this));
        return (TGrain)factory(key);
    }

    // As Orleans does: once a second, not a timer a call.
    private void Sweep()
    {
        LoseAll(
            message => message.Expires < Process.World.Now,
            message => new TimeoutException($"Response did not arrive on time: {message.What}."));
        Process.Schedule(s_sweep, Sweep);
    }

    // What the mall does not use of it.
    public void InvokeMethod(GrainReference reference, IInvokable request, InvokeMethodOptions options) => throw Unused();
    public object Cast(IAddressable grain, Type type) => type.IsInstanceOfType(grain) ? grain : throw Unused();
    TGrain IGrainFactory.GetGrain<TGrain>(Guid primaryKey, string? grainClassNamePrefix) => throw Unused();
    TGrain IGrainFactory.GetGrain<TGrain>(Guid primaryKey, string keyExtension, string? prefix) => throw Unused();
    TGrain IGrainFactory.GetGrain<TGrain>(long primaryKey, string keyExtension, string? prefix) => throw Unused();
    TGrain IGrainFactory.GetGrain<TGrain>(GrainId grainId) => throw Unused();
    TObserver IGrainFactory.CreateObjectReference<TObserver>(IGrainObserver obj) => throw Unused();
    void IGrainFactory.DeleteObjectReference<TObserver>(IGrainObserver obj) => throw Unused();
    IGrain IGrainFactory.GetGrain(Type type, Guid key) => throw Unused();
    IGrain IGrainFactory.GetGrain(Type type, long key) => throw Unused();
    IGrain IGrainFactory.GetGrain(Type type, string key) => throw Unused();
    IGrain IGrainFactory.GetGrain(Type type, Guid key, string keyExtension) => throw Unused();
    IGrain IGrainFactory.GetGrain(Type type, long key, string keyExtension) => throw Unused();
    IAddressable IGrainFactory.GetGrain(GrainId grainId) => throw Unused();
    IAddressable IGrainFactory.GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw Unused();
    IAddressable IGrainFactory.GetGrain(Type type, IdSpan key, string prefix) => throw Unused();
    IAddressable IGrainFactory.GetGrain(Type type, IdSpan key) => throw Unused();
    private static NotSupportedException Unused() => new("This is not simulated.");
}

/// <summary>A grain call on its way, in bytes.</summary>
/// <param name="Expires">Nobody begins with it after that: its sender does not wait any more.</param>
/// <param name="Gateway">The silo that a client sends it through; the answer goes the same way.</param>
internal sealed record Message(
    long Number, GrainCaller Sender, GrainId Grain, string What, byte[] Body, InvokeMethodOptions Options, TimeSpan Expires,
    SimulatedSilo? Gateway)
{
    public GrainKind Kind { get; } = GrainTypes.Of(Grain);
    public bool IsAlwaysInterleave => Options.HasFlag(InvokeMethodOptions.AlwaysInterleave);
    public int Forwards { get; set; }
    public SimulatedSilo? SentTo { get; set; } // where it was sent last, if that is known: if that silo dies, so does the call
}
