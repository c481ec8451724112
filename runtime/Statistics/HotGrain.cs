namespace Mall.Runtime;

/// <summary>A grain that is called often.</summary>
/// <param name="GrainId">Which one.</param>
/// <param name="CallsPerSecond">As of the last sweep.</param>
/// <param name="Waiting">Requests that waited in its mailbox then.</param>
public sealed record HotGrain(GrainId GrainId, double CallsPerSecond, int Waiting);
