namespace Mall.Runtime;

/// <summary>Runs around every call of a grain, on the grain's turn. A grain class may implement it for itself.</summary>
public interface IIncomingGrainCallFilter
{
    /// <summary>
    /// Awaits <see cref="IGrainCallContext.Invoke"/> to let the call go on; what it throws is the call's outcome.
    /// </summary>
    Task Invoke(IIncomingGrainCallContext context);
}
