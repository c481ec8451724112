using System.Reflection;

namespace Mall.Runtime;

/// <summary>
/// Walks a call through the incoming filters: the host's in the order of their registration, then the grain's own.
/// </summary>
internal sealed class IncomingCallContext(GrainRequest request, Activation activation) : IIncomingGrainCallContext
{
    private int _stage;

    public IInvokable Request => request;

    public object Grain => activation.Instance!;

    public IGrainContext TargetContext => activation;

    public GrainId? SourceId => request.SourceId;

    public GrainId TargetId => activation.GrainId;

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
        var filters = activation.Runtime.Filters.Incoming;
        var stage = _stage++;
        try
        {
            if (stage < filters.Length) await filters[stage].Invoke(this);
            else if (stage == filters.Length && Grain is IIncomingGrainCallFilter own) await own.Invoke(this);
            else await request.InvokeBehindFilters(Grain);
        }
        finally
        {
            _stage = stage; // A filter that invokes again, to retry, runs through the same filters behind it.
        }
    }
}
