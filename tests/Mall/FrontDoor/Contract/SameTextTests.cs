using System.Net;
using Mall.Api;
using Mall.Api.Users;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor.Contract;

/// <summary>What looks the same is the same, and what is not the same is not taken for it.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class SameTextTests(EveryDatabase databases)
{
    public static TheoryData<string> Databases => EveryDatabase.Names;

    [Theory]
    [InlineData("+4915000000001", null, "+4915000000001")]
    [InlineData("004915000000001", null, "+4915000000001")]
    [InlineData("+49015000000001", null, "+4915000000001")]
    [InlineData("+49 (0)150 - 000.00001", null, null)]
    [InlineData(" +49 (0)150-000[00]001 ", null, "+4915000000001")]
    [InlineData("+39 06 1234567", null, "+39061234567")]
    [InlineData("+1", null, null)]
    [InlineData("13800000001", null, "13800000001")]
    [InlineData("138 0000 0001", null, null)]
    [InlineData("13800000001 ", null, null)]
    [InlineData("1234", null, null)]
    [InlineData("13800000001", "CN", "+8613800000001")]
    [InlineData("015000000001", "DE", "+4915000000001")]
    [InlineData("+8613800000001", "DE", "+8613800000001")]
    [InlineData("1", "DE", null)]
    public void Mobile_IsReadAs(string mobile, string? country, string? read)
    {
        Assert.Equal(read, Mobiles.Normalize(mobile, country));
        if (read is not null) Assert.Equal(read, Mobiles.Normalize(read, country));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Person_HoweverTheyWriteTheirMobileAndPassword_HasOneAccount(string database)
    {
        var mall = await databases.OnAsync(database);
        var digits = ContractMall.NewMobile()[2..];
        const string composed = "cr\\u00e8me br\\u00fbl\\u00e9e", decomposed = "cre\\u0300me bru\\u0302le\\u0301e";
        var registered = await mall.SendAsync("POST /v1/users", Credentials($"+49 150 {digits}", composed), key: "1");
        Assert.Equal(HttpStatusCode.Created, registered.Status);
        Assert.Equal($"+49150{digits}", registered.Json.GetProperty("mobile").GetString());

        foreach (var mobile in new[] { $"+49150{digits}", $"0049150{digits}", $"+490150{digits}", $"+49150{digits} " })
        {
            var again = await mall.SendAsync("POST /v1/users", Credentials(mobile, "another horse"));
            Assert.Equal((mobile, ErrorCodes.MobileTaken), (mobile, again.Code));
            var replay = await mall.SendAsync("POST /v1/users", Credentials(mobile, decomposed), key: "1");
            Assert.Equal((registered.Status, registered.Body), (replay.Status, replay.Body));
            var session = await mall.SendAsync("POST /v1/sessions", Credentials(mobile, decomposed));
            Assert.Equal((mobile, HttpStatusCode.OK), (mobile, session.Status));
        }
    }

    [Fact]
    public async Task Digits_WhereTheMallKnowsItsCountry_AreANumberOfIt()
    {
        var options = new ApiOptions { TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, Country = "DE" };
        await using var mall = await WholeMall.OpenAsync(options: options);
        var user = await mall.SendAsync("POST", "/v1/users", Credentials("015000000001", "correct horse"));
        Assert.Equal("+4915000000001", user.Json.GetProperty("mobile").GetString());
        var session = await mall.SendAsync("POST", "/v1/sessions", Credentials("0049 150 00000001", "correct horse"));
        Assert.Equal(HttpStatusCode.OK, session.Status);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Text_WithASpaceBehindIt_IsAnother(string database)
    {
        var mall = await databases.OnAsync(database);
        var mobile = ContractMall.NewMobile();
        var (_, token) = await mall.Whole.RegisterAsync(mobile);
        var session = await mall.SendAsync("POST /v1/sessions", Credentials(mobile + " ", "correct horse"));
        Assert.Equal((HttpStatusCode.Unauthorized, ErrorCodes.WrongCredentials), (session.Status, session.Code));

        var gid = Guid.NewGuid().ToString("N");
        await KeyTests.InsertSagaAsync(mall, gid, "'submitted'");
        foreach (var other in new[] { $"{gid}%20", $"{gid}%20%20", $"%20{gid}", gid.ToUpperInvariant(), $"{gid}%00" })
        {
            var found = await mall.SendAsync($"GET /v1/sagas/{other}", token: Jwt.Operator);
            Assert.Equal((other, other.EndsWith("%00", StringComparison.Ordinal) ? 400 : 404), (other, (int)found.Status));
            Assert.Equal(found.Status, (await mall.SendAsync($"POST /v1/sagas/{other}/abort", token: Jwt.Operator)).Status);
        }

        var saga = await mall.SendAsync($"GET /v1/sagas/{gid}", token: Jwt.Operator);
        Assert.Equal("submitted", saga.Json.GetProperty("status").GetString());
        Assert.NotNull(token);
    }

    private static string Credentials(string mobile, string password) =>
        $$"""{"mobile":"{{mobile}}","password":"{{password}}"}""";
}
