namespace Mall.Runtime;

/// <summary>Activations of one grain type in one silo.</summary>
/// <param name="GrainType">The grain type.</param>
/// <param name="SiloAddress">The silo.</param>
/// <param name="ActivationCount">Activations in memory.</param>
[GenerateSerializer, Immutable]
public sealed record SimpleGrainStatistic(string GrainType, SiloAddress SiloAddress, int ActivationCount);
