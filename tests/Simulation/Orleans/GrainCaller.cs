using Microsoft.Extensions.DependencyInjection;

namespace Mall.Simulation;

/// <summary>
/// The calling side of Orleans in one process: makes grain references, sends what is called on them, waits for answers. A call is
/// sent once; its caller is told after the response timeout at the latest, while whoever was called goes on.
/// </summary>
internal abstract class GrainCaller : IGrainFactory, IGrainReferenceRuntime
{
    private static readonly TimeSpan s_responseTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(1);

    private readonly Dictionary<Type, GrainReferenceShared> _shared = [];
    private readonly Dictionary<long, Call> _calls = [];
    private long _number;

    protected GrainCaller(SimulatedProcess process)
    {
        Process = process;
        process.Schedule(s_sweep, Sweep);
    }

    public SimulatedProcess Process { get; }

    protected abstract void Send(Message message);

    protected virtual SimulatedSilo? Gateway => null;

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey => Refer<TGrainInterface>(GrainIdKeyExtensions.CreateIntegerKey(primaryKey));

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey => Refer<TGrainInterface>(IdSpan.Create(primaryKey));

    public ValueTask<T?> InvokeMethodAsync<T>(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        var call = new Call<T>();
        Send(call, reference, request, options);
        return new(call.Task);
    }

    public ValueTask InvokeMethodAsync(GrainReference reference, IInvokable request, InvokeMethodOptions options) =>
        new(InvokeMethodAsync<object>(reference, request, options).AsTask());

    public void InvokeMethod(GrainReference reference, IInvokable request, InvokeMethodOptions options) =>
        throw new NotSupportedException("One-way calls are not simulated.");

    public object Cast(IAddressable grain, Type interfaceType) =>
        interfaceType.IsInstanceOfType(grain) ? grain : throw new NotSupportedException("Casts are not simulated.");

    /// <summary>The answer has come; perhaps too late.</summary>
    public void Receive(Message message, byte[] answer)
    {
        if (_calls.Remove(message.Number, out var call)) call.Complete((Response)GrainTypes.Read(answer));
        else Process.Trace($"too late: answer to {message.What}");
    }

    /// <summary>Nobody is going to answer.</summary>
    public void Lose(Message message, Exception why)
    {
        if (_calls.Remove(message.Number, out var call)) Fail(call, why);
    }

    /// <summary>All calls that were sent to a silo that is dead now.</summary>
    protected void LoseCallsTo(SimulatedSilo silo)
    {
        foreach (var (_, call) in _calls.Where(c => c.Value.Message.SentTo == silo).ToArray())
            Lose(call.Message, new SiloUnavailableException($"The silo {silo.Process.Name} has become unavailable."));
    }

    private T Refer<T>(IdSpan key)
    {
        var grain = GrainTypes.Of(typeof(T));
        if (!_shared.TryGetValue(typeof(T), out var shared)) _shared.Add(typeof(T), shared = GrainTypes.Shared(grain, this));
        return (T)(object)grain.Proxy(shared, key);
    }

    private void Send(Call call, GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        var timeout = request.GetDefaultResponseTimeout() ?? s_responseTimeout;
        var kind = GrainTypes.Of(reference.GrainId);
        var what = $"{reference.GrainId} {request.GetMethodName()} ({Process.Name} {++_number})";
        var message = new Message(
            _number, this, reference.GrainId, kind, what, GrainTypes.Write(request), options, Process.World.Now + timeout)
        {
            Gateway = Gateway,
        };
        call.Message = message;
        _calls.Add(_number, call);
        Send(message);
    }

    // As Orleans does: once a second, not a timer a call.
    private void Sweep()
    {
        foreach (var (_, call) in _calls.Where(c => c.Value.Message.Expires < Process.World.Now).ToArray())
            Lose(call.Message, new TimeoutException($"Response did not arrive on time: {call.Message.What}."));
        Process.Schedule(s_sweep, Sweep);
    }

    private void Fail(Call call, Exception why)
    {
        Process.Trace($"{why.GetType().Name}: {call.Message.What}");
        call.Complete(Response.FromException(why));
    }

    private abstract class Call
    {
        public Message Message { get; set; } = null!; // set as soon as it is sent

        public abstract void Complete(Response response);
    }

    private sealed class Call<T> : Call
    {
        private readonly TaskCompletionSource<T?> _answer = new();

        public Task<T?> Task => _answer.Task;

        public override void Complete(Response response)
        {
            if (response.Exception is { } failure) _answer.SetException(failure);
            else _answer.SetResult(response.GetResult<T>());
        }
    }

    // What the mall does not use of the factory.
    TGrainInterface IGrainFactory.GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix) => throw Unused();

    TGrainInterface IGrainFactory.GetGrain<TGrainInterface>(Guid primaryKey, string extension, string? prefix) => throw Unused();

    TGrainInterface IGrainFactory.GetGrain<TGrainInterface>(long primaryKey, string extension, string? prefix) => throw Unused();

    T IGrainFactory.CreateObjectReference<T>(IGrainObserver obj) => throw Unused();

    void IGrainFactory.DeleteObjectReference<T>(IGrainObserver obj) => throw Unused();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw Unused();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw Unused();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw Unused();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw Unused();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw Unused();

    TGrainInterface IGrainFactory.GetGrain<TGrainInterface>(GrainId grainId) => throw Unused();

    IAddressable IGrainFactory.GetGrain(GrainId grainId) => throw Unused();

    IAddressable IGrainFactory.GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw Unused();

    IAddressable IGrainFactory.GetGrain(Type interfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw Unused();

    IAddressable IGrainFactory.GetGrain(Type interfaceType, IdSpan grainKey) => throw Unused();

    private static NotSupportedException Unused() => new("This is not simulated.");
}
