using System.Net;
using System.Text.Json;
using Mall.Api;
using Mall.Ledger;
using Mall.Tests.FrontDoor.Contract;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Mall.TestServers;
using Mall.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Mall.Tests.Users;

/// <summary>Sessions, from the sign-in to whatever ends them, on each database.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class SessionTests(EveryDatabase databases)
{
    public static TheoryData<string> Databases => EveryDatabase.Names;

    [Theory, MemberData(nameof(Databases))]
    public async Task Refresh_GivesANewPair_AndTheOldTokenEndsTheSessionWhenItIsShownAgain(string database)
    {
        var mall = await databases.OnAsync(database);
        var first = await SignInAsync(mall);
        var second = await RefreshAsync(mall, first.Refresh);
        Assert.Equal(HttpStatusCode.OK, second.Status);
        var third = Pair.Of(await RefreshAsync(mall, Pair.Of(second).Refresh));
        Assert.Equal(3, new[] { first.Refresh, Pair.Of(second).Refresh, third.Refresh }.Distinct().Count());
        string[] family = [first.Access, Pair.Of(second).Access, third.Access];
        foreach (var token in family) Assert.True(await IsGoodAsync(mall, token));

        AssertRefused(await RefreshAsync(mall, first.Refresh));

        AssertRefused(await RefreshAsync(mall, third.Refresh));
        foreach (var token in family)
            await TestMall.EventuallyAsync(async () => !await IsGoodAsync(mall, token), "the family's access tokens end");
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task Refresh_UnderAKey_GivesTheSamePairWhileTheNewOneIsUnused(string database)
    {
        var mall = await databases.OnAsync(database);
        var first = await SignInAsync(mall);
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => RefreshAsync(mall, first.Refresh, "k")));
        Assert.Single(answers.Select(answer => answer.Body).Distinct());
        Assert.Equal(HttpStatusCode.OK, answers[0].Status);
        Assert.Equal(answers[0].Body, (await RefreshAsync(mall, first.Refresh, "k")).Body);

        var second = Pair.Of(answers[0]);
        Assert.Equal(HttpStatusCode.OK, (await RefreshAsync(mall, second.Refresh, "k")).Status);
        AssertRefused(await RefreshAsync(mall, first.Refresh, "k"));
        await TestMall.EventuallyAsync(async () => !await IsGoodAsync(mall, second.Access), "it is found out");
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task Refresh_UnderAnotherKey_EndsTheSession(string database)
    {
        var mall = await databases.OnAsync(database);
        var first = await SignInAsync(mall);
        var second = Pair.Of(await RefreshAsync(mall, first.Refresh, "k"));
        AssertRefused(await RefreshAsync(mall, first.Refresh, "l"));
        AssertRefused(await RefreshAsync(mall, second.Refresh));
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task Logout_EndsThisSessionAlone(string database)
    {
        var mall = await databases.OnAsync(database);
        var mobile = ContractMall.NewMobile();
        var (one, other) = (await SignInAsync(mall, mobile), await SignInAsync(mall, mobile));

        var answer = await mall.SendAsync("DELETE /v1/sessions/current", token: one.Access);

        Assert.Equal((HttpStatusCode.NoContent, ""), (answer.Status, answer.Body));
        Assert.False(await IsGoodAsync(mall, one.Access)); // Here at once.
        AssertRefused(await mall.SendAsync("DELETE /v1/sessions/current", token: one.Access));
        AssertRefused(await RefreshAsync(mall, one.Refresh));
        Assert.True(await IsGoodAsync(mall, other.Access));
        Assert.Equal(HttpStatusCode.OK, (await RefreshAsync(mall, other.Refresh)).Status);
    }

    /// <summary>Whoever has proved a password a moment before it is changed on the host, which ends sessions, has none.</summary>
    [Theory, MemberData(nameof(Databases))]
    public async Task SignIn_ThatMeetsAChangeOfThePassword_LeavesNoSessionBehind(string database)
    {
        var mall = await databases.OnAsync(database);
        var mobile = ContractMall.NewMobile();
        var before = await SignInAsync(mall, mobile);
        var grains = mall.Whole.Services.GetRequiredService<IGrainFactory>();
        var ledger = mall.Whole.Services.GetRequiredService<ILedger>();
        var proved = (await grains.GetGrain<IAccountDirectoryGrain>(0).FindByMobile(mobile))!;
        var changed = new NewUser(mobile, Api.Auth.Credentials.Hash("another horse"), "", "", "user");
        Pair? between = null;

        await Accounts.PutAsync(
            new Interrupted(ledger, async () => between ??= await SignInAsync(mall, mobile)), changed, DateTimeOffset.UtcNow);

        var now = DateTimeOffset.UtcNow;
        var late = new NewSession(
            Random.Shared.NextInt64(), proved.Id, proved.Role, "a hash", new AccessTimes(now, now.AddHours(1)),
            TimeSpan.FromDays(1), proved.PasswordHash);
        Assert.False(await grains.GetGrain<ISessionDirectoryGrain>(0).Begin(late));
        var again = (await grains.GetGrain<IAccountDirectoryGrain>(0).FindByMobile(mobile))!;
        late = late with { PasswordHash = again.PasswordHash };
        Assert.True(await grains.GetGrain<ISessionDirectoryGrain>(0).Begin(late));
        Assert.True(await grains.GetGrain<ISessionDirectoryGrain>(0).Begin(late));
        foreach (var pair in new[] { before, between! })
        {
            AssertRefused(await RefreshAsync(mall, pair.Refresh));
            await TestMall.EventuallyAsync(async () => !await IsGoodAsync(mall, pair.Access), "its access token ends");
        }
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task Refresh_ThatMeetsALogout_LeavesNoSessionBehind(string database)
    {
        var mall = await databases.OnAsync(database);
        for (var round = 0; round < 5; round++)
        {
            var first = await SignInAsync(mall);
            var refreshing = Enumerable.Range(0, 2).Select(_ => RefreshAsync(mall, first.Refresh, "k")).ToArray();
            var ended = await mall.SendAsync("DELETE /v1/sessions/current", token: first.Access);
            var refreshed = await Task.WhenAll(refreshing);
            Assert.Contains(ended.Status, (HttpStatusCode[])[HttpStatusCode.NoContent, HttpStatusCode.Unauthorized]);
            foreach (var pair in refreshed.Where(answer => answer.Status == HttpStatusCode.OK).Select(Pair.Of))
            {
                AssertRefused(await RefreshAsync(mall, pair.Refresh));
                await TestMall.EventuallyAsync(async () => !await IsGoodAsync(mall, pair.Access), "its access token ends");
            }
        }
    }

    [Fact]
    public async Task Refresh_WhenTheTokenIsMadeUp_IsRefusedAndHurtsNobody()
    {
        var mall = await databases.OnAsync("SQLite");
        var first = await SignInAsync(mall);
        for (var at = 0; at < first.Refresh.Length; at++)
        {
            var changed = string.Concat(
                first.Refresh.AsSpan(0, at), first.Refresh[at] == 'A' ? "B" : "A", first.Refresh.AsSpan(at + 1));
            AssertRefused(await RefreshAsync(mall, changed));
        }

        foreach (var text in new[] { "x", first.Access[..100], first.Refresh + "A", first.Refresh[..^1], "é" })
            AssertRefused(await RefreshAsync(mall, text));
        Assert.Equal(HttpStatusCode.BadRequest, (await mall.SendAsync("POST /v1/sessions/refresh", "{}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await RefreshAsync(mall, first.Refresh)).Status);
    }

    [Fact]
    public async Task Refresh_OverGrpc_IsTheSame()
    {
        var mall = await databases.OnAsync("SQLite");
        var first = await SignInAsync(mall);
        var request = new V1.RefreshRequest { RefreshToken = first.Refresh };
        var call = await mall.Whole.CallAsync("/mall.v1.Users/Refresh", request, null, [("idempotency-key", "k")]);
        Assert.Equal(0, call.Status);
        var session = V1.Session.Parser.ParseFrom(call.Body.AsSpan(5));
        var rest = await RefreshAsync(mall, first.Refresh, "k");
        Assert.Equal((session.RefreshToken, session.AccessToken), (Pair.Of(rest).Refresh, Pair.Of(rest).Access));
        Assert.Equal(session.AccessExpire, rest.Json.GetProperty("accessExpire").GetInt64());
        Assert.Equal(session.RefreshAfter, rest.Json.GetProperty("refreshAfter").GetInt64());

        var refused = await mall.Whole.CallAsync("/mall.v1.Users/Refresh", request, null);
        Assert.Equal((16, ErrorCodes.Unauthenticated), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Database_KnowsHashesAlone()
    {
        var mall = await databases.OnAsync("SQLite");
        var pair = Pair.Of(await RefreshAsync(mall, (await SignInAsync(mall)).Refresh));
        foreach (var name in new[] { "mall.db", "mall.db-wal" })
        {
            await using var open = new FileStream(
                Path.Combine(mall.Whole.Folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var text = new StreamReader(open, System.Text.Encoding.Latin1);
            var all = await text.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain(pair.Refresh[12..60], all, StringComparison.Ordinal);
            Assert.DoesNotContain(pair.Access[^43..], all, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Tokens_WhenTimePasses_KeepToTheirLifetimes()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var options = new ApiOptions
        {
            TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, AccessLifetime = TimeSpan.FromMinutes(10),
            RefreshLifetime = TimeSpan.FromHours(1),
        };
        await using var whole = await WholeMall.OpenAsync(
            services => services.AddSingleton<TimeProvider>(new Ahead(clock)), options);
        var mall = new ContractMall(whole, null);
        var first = await SignInAsync(mall);
        Assert.Equal(300, first.Expire - first.RefreshAfter);

        clock.Advance(TimeSpan.FromMinutes(11));
        Assert.False(await IsGoodAsync(mall, first.Access));
        var second = Pair.Of(await RefreshAsync(mall, first.Refresh, "k"));
        Assert.True(await IsGoodAsync(mall, second.Access));
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(second, Pair.Of(await RefreshAsync(mall, first.Refresh, "k")));
        clock.Advance(TimeSpan.FromSeconds(2));
        AssertRefused(await RefreshAsync(mall, first.Refresh, "k"));
        AssertRefused(await RefreshAsync(mall, second.Refresh));

        var third = await SignInAsync(mall);
        clock.Advance(TimeSpan.FromMinutes(61));
        AssertRefused(await RefreshAsync(mall, third.Refresh));
    }

    [Fact]
    public async Task Token_WhenNobodyCanSayWhetherItsSessionHasEnded_IsNotBelieved()
    {
        var clock = new FakeTimeProvider();
        var turnstile = new Turnstile(nameof(ISessionDirectoryGrain.Ended));
        await using var whole = await WholeMall.OpenAsync(services => services
            .AddSingleton<TimeProvider>(new Ahead(clock)).AddSingleton<IIncomingGrainCallFilter>(turnstile));
        var mall = new ContractMall(whole, null);
        var pair = await SignInAsync(mall);
        Assert.True(await IsGoodAsync(mall, pair.Access));

        turnstile.Fail(() => new StorageUnavailableException("The database is away."));
        clock.Advance(TimeSpan.FromSeconds(5));

        foreach (var path in new[] { "/v1/users/me", "/v1/auth/verify" })
        {
            var answer = await mall.SendAsync($"GET {path}", token: pair.Access);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, ErrorCodes.StorageUnavailable), (answer.Status, answer.Code));
        }

        Assert.Equal(HttpStatusCode.NotFound, (await mall.SendAsync("GET /v1/products/1", token: pair.Access)).Status);
        turnstile.Fail(null);
        Assert.True(await IsGoodAsync(mall, pair.Access));
    }

    [Fact]
    public async Task SignIn_WhosePasswordIsChangedBeforeItsSessionBegins_IsRefusedAsWrong()
    {
        var turnstile = new Turnstile(nameof(ISessionDirectoryGrain.Begin));
        await using var whole = await WholeMall.OpenAsync(services => services.AddSingleton<IIncomingGrainCallFilter>(turnstile));
        var mall = new ContractMall(whole, null);
        var mobile = ContractMall.NewMobile();
        await SignInAsync(mall, mobile);
        turnstile.Hold();
        var signingIn = mall.SendAsync("POST /v1/sessions", $$"""{"mobile":"{{mobile}}","password":"correct horse"}""");
        await turnstile.Arrived;
        await Accounts.PutAsync(
            whole.Services.GetRequiredService<ILedger>(),
            new NewUser(mobile, Api.Auth.Credentials.Hash("another horse"), "", "", "user"), DateTimeOffset.UtcNow);
        turnstile.Open();

        var refused = await signingIn;

        Assert.Equal((HttpStatusCode.Unauthorized, ErrorCodes.WrongCredentials), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Logout_HoldsAtAFrontDoorOfAnotherProcess()
    {
        if (DatabaseServer.WhyMissing(DatabaseKind.Postgres) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(DatabaseKind.Postgres);
        var database = await server.CreateDatabaseAsync("sessions_in_two", TestContext.Current.CancellationToken);
        await using var silo = await WholeMall.OpenInTwoAsync(database);
        await using var other = await WholeMall.OpenDoorAsync(database);
        var one = new ContractMall(silo, server);
        var pair = await SignInAsync(one);
        Assert.True(await IsGoodAsync(new ContractMall(other, server), pair.Access));

        await one.SendAsync("DELETE /v1/sessions/current", token: pair.Access);

        await TestMall.EventuallyAsync(
            async () => !await IsGoodAsync(new ContractMall(other, server), pair.Access), "the other door hears of it");
    }

    private static async Task<Pair> SignInAsync(ContractMall mall, string? mobile = null)
    {
        var credentials = $$"""{"mobile":"{{mobile ?? ContractMall.NewMobile()}}","password":"correct horse"}""";
        await mall.SendAsync("POST /v1/users", credentials);
        return Pair.Of(await mall.SendAsync("POST /v1/sessions", credentials));
    }

    private static Task<Answer> RefreshAsync(ContractMall mall, string token, string? key = null) =>
        mall.SendAsync("POST /v1/sessions/refresh", JsonSerializer.Serialize(new { refreshToken = token }), key: key);

    private static async Task<bool> IsGoodAsync(ContractMall mall, string token)
    {
        var verified = await mall.SendAsync("GET /v1/auth/verify", token: token);
        var asked = await mall.SendAsync("GET /v1/users/me", token: token);
        Assert.Contains(verified.Status, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Unauthorized]);
        return verified.Status == HttpStatusCode.OK && asked.Status == HttpStatusCode.OK;
    }

    private static void AssertRefused(Answer answer) =>
        Assert.Equal((HttpStatusCode.Unauthorized, ErrorCodes.Unauthenticated), (answer.Status, answer.Code));

    private sealed record Pair(string Access, string Refresh, long Expire, long RefreshAfter)
    {
        public static Pair Of(Answer answer)
        {
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            return new(
                answer.Json.GetProperty("accessToken").GetString()!, answer.Json.GetProperty("refreshToken").GetString()!,
                answer.Json.GetProperty("accessExpire").GetInt64(), answer.Json.GetProperty("refreshAfter").GetInt64());
        }
    }

    /// <summary>A ledger before whose commits something else happens.</summary>
    private sealed class Interrupted(ILedger inner, Func<Task> act) : ILedger
    {
        public async Task<CommitOutcome> CommitAsync(WriteSet writes)
        {
            await act();
            return await inner.CommitAsync(writes);
        }

        public Task<IReadOnlyList<T>> QueryAsync<T>(
            Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters) =>
            inner.QueryAsync(query, cancellationToken, parameters);

        public Task<long> SettledAsync(CancellationToken cancellationToken = default) => inner.SettledAsync(cancellationToken);

        public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default) =>
            inner.NextIdAsync(sequence, cancellationToken);
    }

    /// <summary>Real time, and what a test has added.</summary>
    private sealed class Ahead(FakeTimeProvider added) : TimeProvider
    {
        private readonly DateTimeOffset _begun = added.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Added;

        public override long GetTimestamp() => System.GetTimestamp() + (long)(Added.TotalSeconds * TimestampFrequency);

        private TimeSpan Added => added.GetUtcNow() - _begun;
    }
}
