namespace Mall.Runtime;

/// <summary>Figures of this process's silo, for a dashboard.</summary>
public interface IRuntimeStatistics
{
    /// <summary>Takes the figures. Walks all activations: some milliseconds when there are a hundred thousand.</summary>
    SiloStatistics Take();
}
