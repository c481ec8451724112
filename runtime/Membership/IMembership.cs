namespace Mall.Runtime;

/// <summary>The cluster as this process sees it.</summary>
public interface IMembership
{
    /// <summary>This process.</summary>
    SiloAddress Self { get; }

    /// <summary>The newest view.</summary>
    MembershipView Current { get; }

    /// <summary>Raised after <see cref="Current"/> has changed, on any thread.</summary>
    event Action<MembershipView> Changed;
}
