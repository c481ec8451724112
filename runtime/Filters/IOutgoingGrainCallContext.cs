namespace Mall.Runtime;

/// <summary>A call on its way out of a grain or of code outside grains.</summary>
public interface IOutgoingGrainCallContext : IGrainCallContext
{
    /// <summary>The activation that calls; null for code outside grains.</summary>
    IGrainContext? SourceContext { get; }
}
