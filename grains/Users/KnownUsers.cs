using System.Collections.Concurrent;

namespace Mall.Users;

/// <summary>
/// Users that this silo has found to exist. They do not go away once their registration has ended, so an order asks for its user
/// at most once a silo.
/// </summary>
public sealed class KnownUsers
{
    private const int Most = 100_000; // some megabytes

    private readonly ConcurrentDictionary<long, bool> _known = [];

    public async ValueTask<bool> ContainsAsync(long userId, IGrainFactory grains)
    {
        if (_known.ContainsKey(userId)) return true;
        if (!await grains.GetGrain<IUserGrain>(userId).Exists()) return false;
        if (_known.Count >= Most) _known.Clear();
        _known[userId] = true;
        return true;
    }
}
