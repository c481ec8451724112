using System.Diagnostics;

namespace Mall.Silo.Observability;

/// <summary>
/// Orleans' spans of calls, for calls that belong to a trace that is recorded. For any other Orleans draws lots again, at each
/// end of each call, and records traces that begin in the middle of a request; every request would pay for that.
/// </summary>
internal static class TracedCalls
{
    /// <summary>Takes the places of the filters that Orleans added last.</summary>
    public static void Wrap(IServiceCollection services)
    {
        Decorate<IOutgoingGrainCallFilter>(services, orleans => new Outgoing(orleans));
        Decorate<IIncomingGrainCallFilter>(services, orleans => new Incoming(orleans));
    }

    private static void Decorate<TFilter>(IServiceCollection services, Func<TFilter, TFilter> wrap) where TFilter : class
    {
        // A client has only one of the two.
        if (services.LastOrDefault(service => service.ServiceType == typeof(TFilter)) is not { } orleans) return;
        services.Remove(orleans);
        services.AddSingleton(all => wrap((TFilter)ActivatorUtilities.CreateInstance(all, orleans.ImplementationType!)));
    }

    private sealed class Outgoing(IOutgoingGrainCallFilter orleans) : IOutgoingGrainCallFilter
    {
        public Task Invoke(IOutgoingGrainCallContext context) =>
            Activity.Current is { Recorded: true } ? orleans.Invoke(context) : context.Invoke();
    }

    private sealed class Incoming(IIncomingGrainCallFilter orleans) : IIncomingGrainCallFilter
    {
        public Task Invoke(IIncomingGrainCallContext context)
        {
            DistributedContextPropagator.Current.ExtractTraceIdAndState(null, Read, out var traceParent, out _);
            return traceParent is null ? context.Invoke() : orleans.Invoke(context);
        }

        private static void Read(object? carrier, string name, out string? value, out IEnumerable<string>? values) =>
            (value, values) = (RequestContext.Get(name) as string, null);
    }
}
