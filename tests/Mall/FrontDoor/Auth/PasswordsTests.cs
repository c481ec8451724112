using Mall.Api;
using Mall.Api.Auth;
using Mall.Api.Errors;
using Microsoft.Extensions.Time.Testing;

namespace Mall.Tests.FrontDoor.Auth;

public sealed class PasswordsTests
{
    [Fact]
    public async Task Verify_WhenThePasswordIsTheOne_SaysYes()
    {
        using var passwords = Quick();
        var hash = await passwords.Hash("correct horse", TestContext.Current.CancellationToken);

        Assert.True(await passwords.Verify(hash, "correct horse", Admit, TestContext.Current.CancellationToken));
        Assert.False(await passwords.Verify(hash, "wrong horse", Admit, TestContext.Current.CancellationToken));
        Assert.False(await passwords.Verify(null, "nobody's password", Admit, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Verify_WhenTheSameLettersAreSpeltOtherwise_SaysYes()
    {
        using var passwords = Quick();
        (string, string)[] spellings =
        [
            ("cre\u0300me bru\u0302le\u0301e", "cr\u00E8me br\u00FBl\u00E9e"),
            ("\u1100\u1161\u11A8 12345678", "\uAC01 12345678"),
        ];
        foreach (var (one, other) in spellings)
        {
            var hash = await passwords.Hash(one, TestContext.Current.CancellationToken);
            Assert.True(await passwords.Verify(hash, other, Admit, TestContext.Current.CancellationToken));
            Assert.Equal(
                await passwords.Fingerprint(one, "gid", TestContext.Current.CancellationToken),
                await passwords.Fingerprint(other, "gid", TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Hash_WhenAskedTwice_IsSaltedDifferently()
    {
        using var passwords = Quick();
        var first = await passwords.Hash("correct horse", TestContext.Current.CancellationToken);
        Assert.NotEqual(first, await passwords.Hash("correct horse", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Fingerprint_WhenPasswordAndPurposeAreTheSame_IsTheSame()
    {
        using var passwords = Quick();
        var print = await passwords.Fingerprint("correct horse", "gid-1", TestContext.Current.CancellationToken);

        Assert.Equal(print, await passwords.Fingerprint("correct horse", "gid-1", TestContext.Current.CancellationToken));
        Assert.NotEqual(print, await passwords.Fingerprint("correct horse", "gid-2", TestContext.Current.CancellationToken));
        Assert.NotEqual(print, await passwords.Fingerprint("wrong horse", "gid-1", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Hash_WhenTooManyWait_RefusesTheRestAtOnceAndServesThoseWhoWait()
    {
        using var passwords = new Passwords(
            new ApiOptions { MaxConcurrentHashes = 1, MaxQueuedHashes = 2, PasswordHashIterations = 200_000 });
        var flood = Enumerable.Range(0, 20)
            .Select(_ => passwords.Hash("correct horse", TestContext.Current.CancellationToken)).ToArray();

        var refused = flood.Where(task => task.IsFaulted).ToArray();
        Assert.InRange(refused.Length, 1, 17); // One is hashed and two wait; by the end of the flood some may have been served.
        Assert.All(refused, task => Assert.Equal(
            ErrorCodes.TooManyRequests, Assert.IsType<ProblemException>(task.Exception!.InnerException).Problem.Kind.Code));
        await Task.WhenAll(flood.Except(refused));
    }

    [Fact]
    public async Task Hash_WhenItsTurnDoesNotCome_IsRefused()
    {
        var clock = new FakeTimeProvider();
        using var passwords = new Passwords(new ApiOptions { MaxConcurrentHashes = 1, PasswordHashIterations = 1000 }, clock);
        var (begun, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        var first = passwords.Verify(null, "correct horse", Hold, TestContext.Current.CancellationToken);
        await begun.Task;
        var second = passwords.Hash("correct horse", TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(14));
        Assert.False(second.IsCompleted);

        clock.Advance(TimeSpan.FromSeconds(1));

        var refused = await Assert.ThrowsAsync<ProblemException>(() => second);
        Assert.Equal(ErrorCodes.TooManyRequests, refused.Problem.Kind.Code);
        held.SetResult();
        Assert.False(await first);

        Task Hold()
        {
            begun.SetResult();
            return held.Task;
        }
    }

    [Theory]
    [InlineData("correct horse", "Ann", null)]
    [InlineData("short", "Ann", "password")]
    [InlineData("\u200B\u200B\u200B\u200B\u200B\u200B\u200B\u200B", "Ann", "password")]
    [InlineData("correct horse", "\u200B", "name")]
    public void Complaint_WhenSomethingIsWrong_NamesIt(string password, string name, string? named)
    {
        var complaint = Credentials.Complaint(password, name);
        if (named is null) Assert.Null(complaint);
        else Assert.StartsWith(named, complaint, StringComparison.Ordinal);
    }

    private static Task Admit() => Task.CompletedTask;

    private static Passwords Quick() => new(new ApiOptions { PasswordHashIterations = 1000 });
}
