namespace Mall.Api.Users;

/// <summary>Where both doors, REST and gRPC, register users and sign them in.</summary>
internal sealed class AccountDesk(IGrainFactory grains, Passwords passwords, SessionDesk sessions, ApiOptions options)
{
    public const int MaxName = 64;

    /// <summary>Registers a user; see <see cref="IRegistrationSagaGrain.Register"/> for the refusals.</summary>
    /// <param name="input">As the client sent it.</param>
    /// <param name="key">The idempotency key, or null. Nobody is signed in yet, so each mobile has keys of its own.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="minPassword">The shortest password that is taken.</param>
    public async Task<Result<UserView>> Register(
        RegisterInput input, string? key, Patience patience, int minPassword = Credentials.MinPasswordLength)
    {
        var checks = new FieldChecks();
        var mobile = CheckMobile(ref checks, input.Mobile);
        var password = checks.Text("password", Credentials.Composed(input.Password), minPassword, Credentials.MaxPasswordLength);
        var name = checks.OptionalText("name", input.Name, 0, MaxName) ?? "";
        var gender = input.Gender ?? "";
        if (gender is not ("" or "male" or "female"))
            checks.Fail("gender", "must be male, female or empty");
        checks.ThrowIfAny();

        var gid = key is null ? Gids.New("user", Guid.CreateVersion7()) : Gids.FromKey("user", 0, $"{mobile} {key}");
        var user = new NewUser(mobile, await passwords.Hash(password, patience.ClientGone), name, gender, Roles.User);
        var command = new RegisterUser(user, key is null ? null : await RequestHash(gid, user, password, patience));
        return await patience.Insist(() => grains.GetGrain<IRegistrationSagaGrain>(gid).Register(command), makes: true);
    }

    /// <summary>Signs in; see <see cref="Prove"/>.</summary>
    public async Task<Result<Session>> Login(LoginInput input, IPAddress? from, Patience patience)
    {
        var account = await Prove(input, from, patience);
        return account.IsRefused ? account.Refusal : await sessions.Begin(account.Value, patience);
    }

    /// <summary>Whose mobile and password these are. Refused with 200003, whichever of the two is wrong, after the same
    /// work.</summary>
    /// <param name="input">As the client sent it.</param>
    /// <param name="from">Whose failures are counted; null when that is unknown.</param>
    /// <param name="patience">How long to wait.</param>
    /// <exception cref="ProblemException">100006 after too many failures from there.</exception>
    public async Task<Result<Account>> Prove(LoginInput input, IPAddress? from, Patience patience)
    {
        // Only what could not be any account's is bad input; the rest is judged with the slow hash, whatever it looks like.
        var checks = new FieldChecks();
        var mobile = checks.Text("mobile", input.Mobile, 1, Mobiles.MaxLength);
        var password = checks.Text("password", Credentials.Composed(input.Password), 1, Credentials.MaxPasswordLength);
        checks.ThrowIfAny();

        mobile = Mobiles.Normalize(mobile, options.Country) ?? mobile;
        var guard = grains.GetGrain<ISignInGuardGrain>(Origin.Of(from).ToString());
        await Admit(counts: false); // Who is refused anyway does not wait for it.
        var account = await patience.Insist(() => grains.GetGrain<IAccountDirectoryGrain>(0).FindByMobile(mobile));
        var isTheirs = await passwords.Verify(
            account?.PasswordHash, password, () => Admit(counts: true), patience.ClientGone);
        if (!isTheirs || account is null)
            return Result.Refused(ErrorCodes.WrongCredentials, "Mobile or password is wrong.");
        await patience.Insist(() => guard.Forgive(mobile));
        return account;

        async Task Admit(bool counts)
        {
            if (await patience.Insist(() => guard.Admit(mobile, counts)) is not { } wait)
                return;
            throw new ProblemException(Problem.Of(
                ErrorCodes.TooManyRequests, "Too many sign-ins from here have failed. Nothing was tried; wait before the next.")
                with { RetryAfterSeconds = (int)Math.Ceiling(wait.TotalSeconds) });
        }
    }

    /// <summary>Refused with 200001 when the user is gone.</summary>
    public Task<Result<UserView>> Me(Caller caller, Patience patience) =>
        patience.Insist(() => grains.GetGrain<IUserGrain>(caller.UserId).Get());

    /// <summary>
    /// The password is part of the request: another one under the same key is another request. It goes in as a slow hash,
    /// because this one is stored, and a fast hash in the database would give the password away.
    /// </summary>
    private async Task<string> RequestHash(string gid, NewUser user, string password, Patience patience)
    {
        var fingerprint = await passwords.Fingerprint(password, gid, patience.ClientGone);
        return IdempotencyKeys.Hash($"register {user.Mobile} {user.Gender} {fingerprint} {IdempotencyKeys.Quote(user.Name)}");
    }

    private string CheckMobile(ref FieldChecks checks, string? mobile)
    {
        if (mobile is null)
            checks.Fail("mobile", "is missing");
        else if (mobile.Length > Mobiles.MaxLength || Mobiles.Normalize(mobile, options.Country) is not { } normal)
            checks.Fail("mobile", Mobiles.Rule);
        else
            return normal;
        return "";
    }
}
