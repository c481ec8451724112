using System.Reflection;

namespace Mall.Runtime;

/// <summary>Walks a call through the outgoing filters, where its caller runs.</summary>
/// <param name="request">The call; the filters see its arguments and its result.</param>
/// <param name="send">What stands behind the last filter: sends the request and ends with its answer.</param>
internal sealed class OutgoingCallContext(GrainRequest request, Func<Task> send) : IOutgoingGrainCallContext
{
    private int _stage;

    public IInvokable Request => request;

    public object Grain => request.Target;

    public IGrainContext? SourceContext => request.Caller as Activation;

    public GrainId? SourceId => SourceContext?.GrainId;

    public GrainId TargetId => request.Target.GrainId;

    public string InterfaceName => request.Method.InterfaceName;

    public string MethodName => request.Method.Name;

    public MethodInfo InterfaceMethod => request.Method.Method;

    public object? Result
    {
        get => request.BoxedResult;
        set => request.BoxedResult = value;
    }

    public async Task Invoke()
    {
        var filters = request.Target.Runtime.Filters.Outgoing;
        var stage = _stage++;
        try
        {
            await (stage < filters.Length ? filters[stage].Invoke(this) : send());
        }
        finally
        {
            _stage = stage;
        }
    }
}
