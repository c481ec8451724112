namespace Mall.Runtime;

/// <summary>Figures of one grain class in one silo.</summary>
/// <param name="GrainType">Its name on the wire.</param>
/// <param name="ClassName">Its full name.</param>
/// <param name="Activations">In memory now.</param>
/// <param name="Activated">Ever made.</param>
/// <param name="Calls">Ever started.</param>
/// <param name="MeanQueueTime">From sending to start, of a sample of the calls.</param>
/// <param name="MeanTotalTime">From sending to answer, of a sample of the calls.</param>
public sealed record GrainTypeStatistics(
    string GrainType, string ClassName, long Activations, long Activated, long Calls, TimeSpan MeanQueueTime,
    TimeSpan MeanTotalTime);
