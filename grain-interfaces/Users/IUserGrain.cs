namespace Mall.Users;

/// <summary>A customer. The key is the user's id.</summary>
[Alias("mall.IUserGrain")]
public interface IUserGrain : IGrainWithIntegerKey
{
    /// <summary>Registration's action: refused with 200002 when the mobile is taken.</summary>
    [Alias("Create"), ResponseTimeout(Branch.ResponseTimeout)]
    Task<Result<Done>> Create(Branch branch, NewUser user);

    /// <summary>Registration's compensation.</summary>
    [Alias("Remove"), ResponseTimeout(Branch.ResponseTimeout)]
    Task Remove(Branch branch);

    /// <summary>Refused with 200001 when there is no such user.</summary>
    [Alias("Get"), ReadOnly]
    Task<Result<UserView>> Get();

    /// <summary>
    /// Whether there is such a user; answered from memory. An order asks it, and asks again while its client still waits.
    /// </summary>
    [Alias("Exists"), AlwaysInterleave, ResponseTimeout(Branch.ResponseTimeout)]
    Task<bool> Exists();
}

/// <summary>A customer's points. The key is the user's id.</summary>
[Alias("mall.IPointsGrain")]
public interface IPointsGrain : IGrainWithIntegerKey
{
    [Alias("Add"), ResponseTimeout(Branch.ResponseTimeout)]
    Task<Result<Done>> Add(Branch branch, long points);

    /// <summary>Undoes <see cref="Add"/> of the same branch.</summary>
    [Alias("TakeBack"), ResponseTimeout(Branch.ResponseTimeout)]
    Task TakeBack(Branch branch, long points);
}

/// <summary>Registers a user with the points that welcome them. The key is the gid, see <see cref="Gids"/>.</summary>
[Alias("mall.IRegistrationSagaGrain")]
public interface IRegistrationSagaGrain : ISagaGrain
{
    /// <summary>Completes when the saga has ended. Idempotent by gid. Refused with 200002, or 100007 when it is reused.</summary>
    [Alias("Register"), AlwaysInterleave]
    Task<Result<UserView>> Register(RegisterUser command);
}

/// <summary>Finds accounts. Key 0.</summary>
[Alias("mall.IAccountDirectoryGrain")]
public interface IAccountDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Null when nobody has this mobile.</summary>
    [Alias("FindByMobile"), ReadOnly]
    Task<Account?> FindByMobile(string mobile);
}
