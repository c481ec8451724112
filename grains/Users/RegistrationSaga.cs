namespace Mall.Users;

/// <summary>What a registration will do, decided before it is durable.</summary>
public sealed record Registration(long UserId, NewUser User, long Points);

/// <summary>The branches of a registration: 01 creates the user, 02 gives the points that welcome them.</summary>
public sealed class RegistrationSagaKind(GrainLedger ledger)
    : SagaKind<Registration>("registration", RegistrationJson.Default.Registration)
{
    internal static Refusal MobileTaken { get; } =
        Result.Refused(ErrorCodes.MobileTaken, "This mobile is registered already.");

    public override ISagaGrain Grain(IGrainFactory grains, string gid) => grains.GetGrain<IRegistrationSagaGrain>(gid);

    /// <summary>What outlives the saga's row: neither the user's nor any other tells under which key it was registered.</summary>
    public override WriteSet? Opening(SagaRecord saga, Registration intent, DateTimeOffset now) =>
        saga.RequestHash is { } hash
            ? new(IdempotencyRows.Insert(new Idempotency(0, saga.Gid, hash), Name, intent.UserId, now))
            : null;

    public override async ValueTask<RowChange[]> EndingAsync(string gid, Registration intent, DateTimeOffset now) =>
    [
        await ledger.EventAsync(
            EventTypes.UserRegistered, $"user/{intent.UserId}", new UserEvent(intent.UserId, intent.User.Name), now),
    ];

    public override IReadOnlyList<SagaBranch> Plan(IGrainFactory grains, string gid, Registration intent)
    {
        var (creation, welcome) = (new Branch(gid, "01"), new Branch(gid, "02"));
        var user = grains.GetGrain<IUserGrain>(intent.UserId);
        var points = grains.GetGrain<IPointsGrain>(intent.UserId);
        return
        [
            new SagaBranch(
                creation.BranchId,
                $"user/{intent.UserId} Create",
                Action: async () => (await user.Create(creation, intent.User)).Refusal,
                Compensation: _ => user.Remove(creation)),
            new SagaBranch(
                welcome.BranchId,
                $"points/{intent.UserId} Add",
                Action: async () => (await points.Add(welcome, intent.Points)).Refusal,
                Compensation: _ => points.TakeBack(welcome, intent.Points),
                After: creation.BranchId),
        ];
    }
}

/// <summary>How a registration's intent is written into <c>sagas.payload</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Registration))]
internal sealed partial class RegistrationJson : JsonSerializerContext;

/// <summary>Registers one user.</summary>
public sealed class RegistrationSagaGrain(RegistrationSagaKind kind, SagaServices services)
    : SagaGrain<Registration>(kind, services), IRegistrationSagaGrain
{
    private const long WelcomePoints = 10;

    private readonly GrainLedger _ledger = services.Ledger;

    public async Task<Result<UserView>> Register(RegisterUser command)
    {
        var begun = await BeginAsync(command.RequestHash, userId: 0, () => DecideAsync(command), () => RecallAsync(command));
        if (begun.IsRefused) return begun.Refusal;
        if (await EndAsync() is { } refusal) return refusal;
        var (id, user, points) = begun.Value;
        return new UserView(id, user.Name, user.Gender, user.Mobile, user.Role, points);
    }

    /// <summary>A taken mobile is refused here, before a saga begins in vain; a race for it is decided in branch 01.</summary>
    private async Task<Result<Registration>> DecideAsync(RegisterUser command)
    {
        if (await GrainFactory.GetGrain<IAccountDirectoryGrain>(0).FindByMobile(command.User.Mobile) is not null)
            return RegistrationSagaKind.MobileTaken;
        return new Registration(await _ledger.NextIdAsync("users"), command.User, WelcomePoints);
    }

    /// <summary>This registration, should its saga have been cleaned up; only the mobile can have made it fail.</summary>
    private async Task<SagaRemains<Registration>?> RecallAsync(RegisterUser command)
    {
        if (await _ledger.FindAsync(IdempotencyRows.ByKey, 0, this.GetPrimaryKeyString()) is not { } row) return null;
        return new SagaRemains<Registration>(
            new Registration(row.ResultId, command.User, WelcomePoints),
            row.RequestHash == command.RequestHash,
            await _ledger.FindAsync(UserRows.ById, row.ResultId) is null ? RegistrationSagaKind.MobileTaken : null);
    }
}
