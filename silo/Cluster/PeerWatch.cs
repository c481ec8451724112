using System.Collections.Concurrent;

namespace Mall.Silo.Cluster;

/// <summary>
/// Finds out that this silo is the odd one out, which Orleans does not: its votes are about silos that nobody hears. Every three
/// seconds it asks the others. It ends itself, so that others take its grains over, when
/// <list type="bullet">
/// <item>it has not committed for a while and another silo has: alone without the database it is of no use to anybody; or</item>
/// <item>it does not reach an older silo that others reach: of two that are cut from each other one must go, and both know which.
/// </item>
/// </list>
/// When nobody answers, nothing speaks against it, and it goes on. One round decides nothing: of two silos that wait for one that
/// hung, and has just gone on, one hears of it before the other.
/// </summary>
internal sealed class PeerWatch(
    CommitWatch commits, IServiceProvider services, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_lately = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(9); // And another round.

    // As of when each was asked that answered; from when on it has been waited for, where none was yet.
    private readonly ConcurrentDictionary<SiloAddress, (long At, bool HasAnswered)> _reached = [];

    private SiloAddress Own => services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    public Testimony OwnTestimony() => new(
        commits.Testifies,
        [
            .. from silo in _reached
               where silo.Value.HasAnswered && time.GetElapsedTime(silo.Value.At) < s_lately
               select silo.Key,
        ]);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_period, time);
        var isWarned = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var others = services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Values
                .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(Own))
                .Select(member => member.SiloAddress).ToArray();
            foreach (var gone in _reached.Keys.Except(others)) _reached.TryRemove(gone, out _);
            foreach (var silo in others) _reached.TryAdd(silo, (time.GetTimestamp(), HasAnswered: false));

            var answers = await Task.WhenAll(others.Select(AskAsync));
            var reason = WhyToGo(others, [.. answers.OfType<Testimony>()]);
            if (isWarned && reason is not null && !stoppingToken.IsCancellationRequested)
                services.GetRequiredService<IFatalErrorHandler>().OnFatalException(this, reason, null);
            isWarned = reason is not null;
        }
    }

    private async Task<Testimony?> AskAsync(SiloAddress silo)
    {
        var asked = time.GetTimestamp();
        try
        {
            RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo);
            var answer = await services.GetRequiredService<IGrainFactory>().GetGrain<IWitnessGrain>(Guid.NewGuid()).Testify();
            _reached[silo] = (asked, HasAnswered: true); // Not now: who hung may answer late.
            return answer;
        }
        catch (Exception) // The edge of a question: whatever it was, there is no answer.
        {
            return null;
        }
    }

    private string? WhyToGo(SiloAddress[] others, Testimony[] testimonies)
    {
        if (commits.SinceCommit >= s_patience && commits.Failed >= 2 && Array.Exists(testimonies, other => other.Commits))
            return $"it has not committed for {commits.SinceCommit.TotalSeconds:0} s, and others have.";
        var unreached = others.FirstOrDefault(silo =>
            IsOlder(silo) && _reached.TryGetValue(silo, out var last) && time.GetElapsedTime(last.At) >= s_patience
            && Array.Exists(testimonies, other => other.Reached.Contains(silo)));
        return unreached is null ? null : $"it does not reach silo {unreached.Endpoint}, which others reach.";
    }

    private bool IsOlder(SiloAddress silo) =>
        silo.Generation < Own.Generation || (silo.Generation == Own.Generation && silo.CompareTo(Own) < 0);
}
