namespace Mall.Runtime;

/// <summary>A silo, as the management grain tells of it.</summary>
/// <param name="SiloAddress">Where it listens.</param>
/// <param name="SiloName">Its name for people.</param>
/// <param name="Status">Where it stands.</param>
[GenerateSerializer, Immutable]
public sealed record MembershipEntry(SiloAddress SiloAddress, string SiloName, SiloStatus Status);
