using Mall.Products;

namespace Mall.Tests.Hosting;

/// <summary>
/// No product places an order as a whole: orders of one item go step by step, as those of several do, and as all do when somebody
/// has been there before.
/// </summary>
public sealed class StepByStep : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.MethodName != nameof(IProductGrain.PlaceWhole)) return context.Invoke();
        context.Result = null;
        return Task.CompletedTask;
    }
}
