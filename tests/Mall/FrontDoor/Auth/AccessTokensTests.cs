using System.Text;
using Mall.Api;
using Mall.Api.Auth;

namespace Mall.Tests.FrontDoor.Auth;

/// <summary>Tokens, against an implementation of RFC 7519 that shares no line with ours.</summary>
public sealed class AccessTokensTests
{
    private const string Key = "a key of thirty-two bytes, or so";

    private static readonly DateTimeOffset s_now = new(2027, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Sign_WhenVerified_GivesTheCallerBack()
    {
        var tokens = Tokens(s_now);
        var token = tokens.Sign(new Caller(42, Roles.Seller));

        Assert.Equal(TokenVerdict.Good, tokens.Verify(token.Text, out var caller));
        Assert.Equal(new Caller(42, Roles.Seller), caller);
        Assert.Equal(s_now.AddHours(2), token.ExpiresAt);
        Assert.Equal(s_now.AddHours(1), token.RefreshAfter);
    }

    [Fact]
    public void Sign_IsWhatTheStandardSays() => Assert.Equal(
        Jwt.Make(Jwt.Header, Jwt.Payload(42, "user", ends: TimeSpan.FromHours(2), now: s_now), Key),
        Tokens(s_now).Sign(new Caller(42, Roles.User)).Text);

    [Theory]
    [InlineData(-61, TokenVerdict.NotYetValid)]
    [InlineData(-60, TokenVerdict.Good)]
    [InlineData(0, TokenVerdict.Good)]
    [InlineData(7199, TokenVerdict.Good)]
    [InlineData(7200, TokenVerdict.Expired)]
    [InlineData(1_000_000, TokenVerdict.Expired)]
    internal void Verify_WhenTimePasses_KeepsToTheTokensTimes(int seconds, TokenVerdict verdict)
    {
        var token = Tokens(s_now).Sign(new Caller(1, Roles.User));
        Assert.Equal(verdict, Tokens(s_now.AddSeconds(seconds)).Verify(token.Text, out _));
    }

    [Fact]
    public void Verify_WhenAnyCharacterIsAnother_RefusesTheToken()
    {
        var tokens = Tokens(s_now);
        var token = tokens.Sign(new Caller(42, Roles.User)).Text;
        for (var at = 0; at < token.Length; at++)
        {
            foreach (var other in "Aa0-_.=+/ \u00E4")
            {
                if (token[at] == other) continue;
                var changed = string.Concat(token.AsSpan(0, at), [other], token.AsSpan(at + 1));
                Assert.NotEqual(TokenVerdict.Good, tokens.Verify(changed, out var caller));
                Assert.Equal(default, caller);
            }
        }
    }

    [Fact]
    public void Verify_WhenTheTokenIsCutAnywhere_RefusesIt()
    {
        var tokens = Tokens(s_now);
        var token = tokens.Sign(new Caller(42, Roles.User)).Text;
        for (var length = 0; length < token.Length; length++)
            Assert.Equal(TokenVerdict.Forged, tokens.Verify(token.AsSpan(0, length), out _));
    }

    [Fact]
    public void Verify_WhenTheTextIsArbitrary_RefusesItAndThrowsNothing()
    {
        var tokens = Tokens(s_now);
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var range = seed % 2 == 0 ? 128 : 0xFFFF;
            var text = string.Concat(Enumerable.Range(0, random.Next(0, 700)).Select(_ => (char)random.Next(range)));
            Assert.Equal(TokenVerdict.Forged, tokens.Verify(text, out _));
            Assert.Equal(TokenVerdict.Forged, tokens.Verify($"{Jwt.Encode(Jwt.Header)}.{text}", out _));
        }
    }

    [Fact]
    public void Verify_WhenASignedPayloadIsArbitrary_ThrowsNothingAndNamesACallerOnlyWhenItIsGood()
    {
        var tokens = Tokens(s_now);
        var good = Jwt.Payload(1, "user", now: s_now);
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var payload = new StringBuilder(good);
            for (var i = random.Next(1, 4); i > 0; i--)
                payload[random.Next(payload.Length)] = (char)random.Next(32, 127);
            var verdict = tokens.Verify(Jwt.Make(Jwt.Header, payload.ToString(), Key), out var caller);
            Assert.Equal(verdict == TokenVerdict.Good, caller.UserId > 0);
        }
    }

    [Fact]
    public void Make_WhenTheKeyIsShort_Throws() =>
        Assert.Throws<ArgumentException>(() => new AccessTokens(new byte[31], TimeProvider.System, new ApiOptions()));

    private static AccessTokens Tokens(DateTimeOffset now) =>
        new(Encoding.UTF8.GetBytes(Key), new StoppedClock(now), new ApiOptions());

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
