namespace Mall.Users;

/// <summary>Only memory: who begins anew after the end of a silo has a few guesses more. It lives longer than it counts.</summary>
[CollectionAgeLimit(Minutes = 20)]
public sealed class SignInGuardGrain(TimeProvider clock) : Grain, ISignInGuardGrain
{
    private const int MostOfAccount = 10;
    private const int MostOfAddress = 100;

    private static readonly TimeSpan s_ofAccount = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_ofAddress = TimeSpan.FromMinutes(1);

    private readonly List<(DateTimeOffset At, string Mobile)> _failures = []; // oldest first

    public Task<TimeSpan?> Admit(string mobile, bool counts)
    {
        var now = clock.GetUtcNow();
        _failures.RemoveAll(failure => failure.At <= now - s_ofAccount);
        var wait = Wait(_failures.Where(failure => failure.Mobile == mobile), MostOfAccount, s_ofAccount, now)
            ?? Wait(_failures, MostOfAddress, s_ofAddress, now);
        if (wait is null && counts) _failures.Add((now, mobile));
        if (_failures.Count == 0) DeactivateOnIdle();
        return Task.FromResult(wait);
    }

    public Task<Done> Forgive(string mobile)
    {
        var last = _failures.FindLastIndex(failure => failure.Mobile == mobile);
        if (last >= 0) _failures.RemoveAt(last);
        if (_failures.Count == 0) DeactivateOnIdle();
        return Task.FromResult(Done.It);
    }

    private static TimeSpan? Wait(
        IEnumerable<(DateTimeOffset At, string Mobile)> failures, int most, TimeSpan window, DateTimeOffset now)
    {
        var recent = failures.Where(failure => failure.At > now - window).ToArray();
        return recent.Length < most ? null : recent[^most].At + window - now;
    }
}
