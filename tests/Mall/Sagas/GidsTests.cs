using Mall.Api.Transactions;
using Mall.Sagas;
using Mall.Transactions;

namespace Mall.Tests.Sagas;

/// <summary>The gids of requests under idempotency keys.</summary>
public sealed class GidsTests
{
    private static readonly string s_longest = new('k', 64);

    // What clients send, and what is to be mistaken for something else.
    private static readonly string[] s_keys =
    [
        "k", "K", "7", "-", ".", "..", "k-7", "k@7", "k/7", "k 7", "k%407", "018f-k_1.x", "7-0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef", "8254c329a92850f6d539dd376f4816ee", s_longest, $"{s_longest}k", new('k', 128),
    ];

    [Theory]
    [InlineData("k", "order-k@7")]
    [InlineData("0198c2f4-8a3e-7c21-9d0a-4f6f3f1c2b10", "order-0198c2f4-8a3e-7c21-9d0a-4f6f3f1c2b10@7")]
    [InlineData("k@7", "order-7-")] // And a hash.
    [InlineData("k/7", "order-7-")]
    [InlineData("13800000001 k", "order-7-")] // So a registration's mobile stands in none.
    public void A_key_stands_in_its_gid_unless_it_would_have_to_be_escaped(string key, string beginning) =>
        Assert.StartsWith(beginning, Gids.FromKey("order", 7, key), StringComparison.Ordinal);

    [Fact]
    public void Gids_are_in_the_order_of_keys_whoever_their_users_are()
    {
        var gids = Enumerable.Range(1000, 50).Select(n => Gids.FromKey("order", (n * 7) % 50, $"load-{n}")).ToList();

        Assert.Equal(gids.Order(StringComparer.Ordinal), gids);
    }

    [Fact]
    public void No_two_requests_share_a_gid_and_nobody_else_may_take_one_and_all_are_short_enough()
    {
        var gids = (from kind in (string[])["order", "user"] from user in (long[])[0, 7, 77, long.MaxValue]
                    from key in s_keys select Gids.FromKey(kind, user, key)).ToList();

        Assert.Distinct(gids);
        Assert.All(gids, static gid => Assert.InRange(gid.Length, 1, 128));
        Assert.All(gids, static gid => Assert.Throws<BadTransactionException>(() => WireChecks.NewGid(gid)));
    }

    [Theory]
    [InlineData("order-k@")]
    [InlineData("order-@7")]
    [InlineData("order-k@7x")]
    [InlineData("order-k/1@7")]
    [InlineData("orders-k@7")]
    public void A_gid_that_only_looks_like_one_of_the_malls_is_anybodys(string gid) => Assert.Equal(gid, WireChecks.NewGid(gid));
}
