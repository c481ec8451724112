namespace Mall.Runtime;

/// <summary>Runs around every call that leaves a grain or code outside grains, where the caller runs.</summary>
public interface IOutgoingGrainCallFilter
{
    /// <summary>
    /// Awaits <see cref="IGrainCallContext.Invoke"/> to let the call go on; what it throws is the call's outcome.
    /// </summary>
    Task Invoke(IOutgoingGrainCallContext context);
}
