namespace Mall.Users;

public sealed class UserGrain(GrainLedger ledger, LedgerClock clock) : Grain, IUserGrain
{
    private bool _known; // that there is such a user; users do not go away once their registration has ended
    private bool _goes;  // Their registration is being undone, or has been.

    private long Id => this.GetPrimaryKeyLong();

    public async Task<Result<Done>> Create(Branch branch, NewUser user) =>
        await ledger.CommitAsync(new WriteSet(branch.Action(), UserRows.Insert(Id, user, clock.GetUtcNow()))) switch
        {
            CommitOutcome.Applied or CommitOutcome.Duplicate => Done.It,

            // It was refused, and that never reached whoever drives the saga now; or an operator aborts it.
            CommitOutcome.Suspended => RegistrationSagaKind.MobileTaken with { IsSealed = true },

            // The id is this saga's own, so it is the mobile that somebody has.
            _ => await ledger.RefuseAsync(branch, RegistrationSagaKind.MobileTaken),
        };

    public async Task Remove(Branch branch)
    {
        (_known, _goes) = (false, true);
        if (await ledger.CommitAsync(new WriteSet(branch.Compensation(), UserRows.Delete(Id))) == CommitOutcome.Conflict)
            throw new StaleActivationException($"User {Id} is not as its registration left it.");
    }

    public async Task<Result<UserView>> Get() => await ledger.FindAsync(UserRows.ById, Id) is { } user
        ? user : Result.Refused(ErrorCodes.NoSuchUser, $"There is no user {Id}.");

    public async Task<bool> Exists()
    {
        if (_known) return true;
        var isThere = await ledger.FindAsync(UserRows.ById, Id) is not null;
        if (isThere && !_goes) _known = true;
        else DeactivateOnIdle(); // whoever guesses ids shall not fill the memory
        return isThere && !_goes;
    }
}

/// <summary>A customer's points. It keeps no balance in memory: points move seldom, and additions need no balance.</summary>
public sealed class PointsGrain(GrainLedger ledger, LedgerClock clock) : Grain, IPointsGrain
{
    private long UserId => this.GetPrimaryKeyLong();

    public async Task<Result<Done>> Add(Branch branch, long points)
    {
        DeactivateOnIdle();
        return await ledger.CommitAsync(new WriteSet(branch.Action(), Move(points, PointCauses.Registration))) switch
        {
            CommitOutcome.Applied or CommitOutcome.Duplicate => Done.It,
            CommitOutcome.Suspended => branch.AlreadyCompensated(),
            _ => await ledger.RefuseAsync(branch, Result.Refused(ErrorCodes.NoSuchUser, $"There is no user {UserId}.")),
        };
    }

    public async Task TakeBack(Branch branch, long points)
    {
        DeactivateOnIdle();
        var taken = await ledger.CommitAsync(
            new WriteSet(branch.Compensation(), Move(-points, PointCauses.RegistrationUndone)));
        if (taken == CommitOutcome.Conflict)
            throw new StaleActivationException($"User {UserId} has no {points} points to take back.");
    }

    private RowChange[] Move(long points, string cause) => PointRows.Move(UserId, points, cause, UserId, clock.GetUtcNow());
}

/// <summary>Finds accounts; any number of callers at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class AccountDirectoryGrain(GrainLedger ledger) : Grain, IAccountDirectoryGrain
{
    public Task<Account?> FindByMobile(string mobile) => ledger.FindAsync(UserRows.ByMobile, mobile);
}
