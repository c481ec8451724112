using Mall.TestServers.Networks;

namespace Mall.Tests.Chaos;

/// <summary>A machine for each process of a cluster.</summary>
public sealed record Sites(Machine Database, IReadOnlyList<Machine> Silos, IReadOnlyList<Machine> Doors);
