namespace Mall.Runtime;

/// <summary>A cluster of one, which never changes.</summary>
public sealed class SingleSiloMembership(SiloAddress self) : IMembership
{
    /// <inheritdoc/>
    public SiloAddress Self { get; } = self;

    /// <inheritdoc/>
    public MembershipView Current { get; } = new(1, [self]);

    /// <inheritdoc/>
    public event Action<MembershipView> Changed
    {
        add { }
        remove { }
    }

    /// <inheritdoc/>
    public Task RefreshAsync(long version, CancellationToken cancellationToken) => Task.CompletedTask;
}
