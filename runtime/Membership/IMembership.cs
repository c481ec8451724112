namespace Mall.Runtime;

/// <summary>The cluster as this process sees it.</summary>
public interface IMembership
{
    /// <summary>This process. It is in the view when it hosts grains.</summary>
    SiloAddress Self { get; }

    /// <summary>The newest view.</summary>
    MembershipView Current { get; }

    /// <summary>Raised after <see cref="Current"/> has changed, on any thread.</summary>
    event Action<MembershipView> Changed;

    /// <summary>
    /// Somebody knows a newer view: look for it now. Ends when <see cref="Current"/> has at least this version, or when looking
    /// has not helped; never throws but when it is cancelled.
    /// </summary>
    Task RefreshAsync(long version, CancellationToken cancellationToken);
}
