using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// A membership table for silos that live in one process, as in tests and simulations. All of it is lost with the process.
/// </summary>
public sealed class InMemoryMembershipTable(TimeProvider time) : IMembershipTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SiloAddress, Entry> _entries = [];
    private readonly Dictionary<(SiloAddress Silo, SiloAddress By), long> _suspicions = [];
    private long _version;
    private long _lastGeneration;

    /// <inheritdoc/>
    public Task<JoinedSilo> JoinAsync(string endpoint, string name, TimeSpan lease, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var (earlier, entry) in _entries)
            {
                if (earlier.Endpoint == endpoint) entry.Status = SiloStatus.Dead;
            }

            var address = new SiloAddress(endpoint, ++_lastGeneration);
            _entries[address] = new Entry
            {
                Name = name, Status = SiloStatus.Active, LeaseStart = time.GetTimestamp(), Lease = lease,
            };
            _version++;
            return Task.FromResult(new JoinedSilo(address, Read_NeedsLock()));
        }
    }

    /// <inheritdoc/>
    public Task<LeaseRenewal> RenewAsync(SiloAddress silo, TimeSpan lease, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var isAlive = _entries.TryGetValue(silo, out var entry) && entry.Status != SiloStatus.Dead;
            if (isAlive) (entry!.LeaseStart, entry.Lease) = (time.GetTimestamp(), lease);
            return Task.FromResult(new LeaseRenewal(isAlive, _version));
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeclareDeadAsync(SiloAddress silo, bool isGone, SiloAddress by, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(silo, out var entry) || entry.Status == SiloStatus.Dead) return Task.FromResult(true);
            if (!isGone && LeaseLeft(entry) > TimeSpan.Zero) return Task.FromResult(false);
            entry.Status = SiloStatus.Dead;
            _version++;
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public Task LeaveAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(silo, out var entry) || entry.Status != SiloStatus.Active) return Task.CompletedTask;
            entry.Status = SiloStatus.ShuttingDown;
            _version++;
            return Task.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public Task EndAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_entries.Remove(silo)) _version++;
            return Task.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public Task SuspectAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken)
    {
        lock (_lock) _suspicions.TryAdd((silo, by), time.GetTimestamp());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task TrustAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken)
    {
        lock (_lock) _suspicions.Remove((silo, by));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StepDownAsync(SiloAddress silo, CancellationToken cancellationToken) =>
        DeclareDeadAsync(silo, isGone: true, silo, cancellationToken);

    /// <inheritdoc/>
    public Task<MembershipSnapshot> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_lock) return Task.FromResult(Read_NeedsLock());
    }

    private MembershipSnapshot Read_NeedsLock() =>
        new(_version, [.. _entries.Select(e => new SiloRecord(e.Key, e.Value.Name, e.Value.Status, LeaseLeft(e.Value)))])
        {
            Suspicions = [.. _suspicions.Select(s => new SuspicionRecord(s.Key.Silo, s.Key.By, time.GetElapsedTime(s.Value)))],
        };

    private TimeSpan LeaseLeft(Entry entry) => entry.Lease - time.GetElapsedTime(entry.LeaseStart);

    private sealed class Entry
    {
        public required string Name { get; init; }

        public SiloStatus Status { get; set; }

        public long LeaseStart { get; set; }

        public TimeSpan Lease { get; set; }
    }
}
