using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mall.Runtime;

/// <summary>The cluster as a process sees it that hosts no grains: it reads the membership table and is not in it.</summary>
public sealed class ClientMembership : IMembership, IDisposable
{
    private readonly ViewWatcher _watcher;
    private readonly IMembershipTable _table;
    private readonly ClusterOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Made by the host.</summary>
    public ClientMembership(
        IMembershipTable table, IOptions<ClusterOptions> options, IOptions<SiloOptions> silo, TimeProvider time,
        IWorkScheduler scheduler, IRandomSource random, ILogger<ClientMembership> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(random);
        _table = table;
        _options = options.Value;
        _time = time;
        _watcher = new ViewWatcher(table, _options, time, scheduler, new MembershipLog(logger));
        // No silo has a name like this, and no two clients have the same number.
        Self = new SiloAddress($"client {silo.Value.SiloName}", (long)(random.NextUInt64() >> 1));
    }

    /// <inheritdoc/>
    public event Action<MembershipView> Changed
    {
        add => _watcher.Changed += value;
        remove => _watcher.Changed -= value;
    }

    /// <inheritdoc/>
    public SiloAddress Self { get; }

    /// <inheritdoc/>
    public MembershipView Current => _watcher.Current;

    /// <inheritdoc/>
    public Task RefreshAsync(long version, CancellationToken cancellationToken) =>
        _watcher.RefreshAsync(version, cancellationToken);

    /// <inheritdoc/>
    public void Hint(long version) => _watcher.Hint(version);

    /// <summary>Reads the table for the first time, so that the first call knows where to go.</summary>
    public async Task JoinAsync(Func<Task> evict, CancellationToken cancellationToken)
    {
        _watcher.Apply(await _time.Within(_options.Lease, _table.ReadAsync, cancellationToken));
        _watcher.Start();
    }

    /// <inheritdoc/>
    public Task StopAsync() => _watcher.StopAsync();

    /// <inheritdoc/>
    public void Dispose() => _watcher.Dispose();
}
