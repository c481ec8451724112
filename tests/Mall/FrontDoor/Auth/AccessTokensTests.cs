using Mall.Api;
using Mall.Api.Auth;
using Mall.Api.Calls;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mall.Tests.FrontDoor.Auth;

/// <summary>Tokens, as the mall signs them and lets the library judge them.</summary>
public sealed class AccessTokensTests : IDisposable
{
    private const string Key = "a key of thirty-two bytes, or so";

    private static readonly DateTimeOffset s_now = new(2027, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(s_now);
    private readonly AccessTokens _tokens;

    public AccessTokensTests() => _tokens = new AccessTokens(new ApiOptions { TokenKey = Key }, null!, _clock);

    [Fact]
    public async Task Sign_WhenVerified_GivesTheCallerBack()
    {
        var token = await SignAsync(new Caller(42, Roles.Seller, 7));

        Assert.True(AccessTokens.LooksLikeOurs(token.Text));
        var judged = await JudgeAsync(token.Text);
        Assert.Equal(new Caller(42, Roles.Seller, 7), AccessTokens.CallerOf((JsonWebToken)judged.SecurityToken));
        Assert.Equal(s_now.AddHours(2), token.ExpiresAt);
        Assert.Equal(s_now.AddHours(1), token.RefreshAfter);
    }

    [Theory]
    [InlineData(-61, typeof(SecurityTokenNotYetValidException))]
    [InlineData(-60, null)]
    [InlineData(0, null)]
    [InlineData(7199, null)]
    [InlineData(7200, typeof(SecurityTokenExpiredException))]
    [InlineData(1_000_000, typeof(SecurityTokenExpiredException))]
    public async Task Judge_WhenTimePasses_KeepsToTheTokensTimes(int seconds, Type? refusal)
    {
        var token = await SignAsync(new Caller(1, Roles.User));
        _clock.AdjustTime(s_now.AddSeconds(seconds));
        Assert.Equal(refusal, (await JudgeAsync(token.Text)).Exception?.GetType());
    }

    [Fact]
    public async Task Judge_WhenAnyCharacterIsAnother_RefusesTheToken()
    {
        var token = (await SignAsync(new Caller(42, Roles.User))).Text;
        for (var at = 0; at < token.Length; at++)
        {
            foreach (var other in "Aa0-_.=+/ \u00E4")
            {
                if (token[at] == other) continue;
                var changed = string.Concat(token.AsSpan(0, at), [other], token.AsSpan(at + 1));
                Assert.False(AccessTokens.LooksLikeOurs(changed) && (await JudgeAsync(changed)).IsValid, $"{at} {other}");
            }
        }
    }

    [Fact]
    public async Task Recall_WhenAGoodTokenHasEnded_KnowsItNoMore()
    {
        var token = (await SignAsync(new Caller(1, Roles.User))).Text;
        Assert.Null(_tokens.Recall(token));
        var judged = await JudgeAsync(token);
        _tokens.Remember((JsonWebToken)judged.SecurityToken, new Caller(1, Roles.User), new(judged.ClaimsIdentity));

        _clock.Advance(TimeSpan.FromSeconds(7199));
        Assert.Equal(new Caller(1, Roles.User), _tokens.Recall(token)?.Caller);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_tokens.Recall(token));
    }

    public void Dispose() => _tokens.Dispose();

    private async Task<AccessToken> SignAsync(Caller caller) =>
        await _tokens.Sign(caller, _tokens.TimesNow(), new Patience(TimeSpan.FromSeconds(1), _clock, CancellationToken.None));

    private Task<TokenValidationResult> JudgeAsync(string token) =>
        new JsonWebTokenHandler().ValidateTokenAsync(token, _tokens.Validation);
}
