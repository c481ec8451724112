using System.Globalization;
using System.Security.Cryptography;

namespace Mall.Bench.Load;

/// <summary>Who orders, and what.</summary>
/// <param name="Tokens">Access tokens of customers, good for two hours by default.</param>
/// <param name="Products">Products on sale.</param>
sealed record Stage(IReadOnlyList<string> Tokens, IReadOnlyList<long> Products)
{
    /// <summary>As much as the mall takes: no load is to end because something is sold out.</summary>
    public const long Stock = 1_000_000_000;

    /// <summary>Customers that share a load's connections, where nobody says how many.</summary>
    public const int Customers = 8;

    /// <summary>Registers new customers with random mobiles; the first of them opens a shop and sells.</summary>
    public static async Task<Stage> SetAsync(IFrontDoor door, int customers, int products, CancellationToken cancellationToken)
    {
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var mobiles = Enumerable.Range(0, customers).Select(_ => RandomMobile()).ToList();
        var tokens = new List<string>();
        foreach (var mobile in mobiles)
            tokens.Add(await door.SignUpAsync(mobile, password, cancellationToken));

        var seller = await door.OpenShopAsync(tokens[0], mobiles[0], password, cancellationToken);
        var onSale = new List<long>();
        for (var i = 1; i <= products; i++)
            onSale.Add(await door.CreateProductAsync(seller, $"Load {i}", Stock, cancellationToken));
        return new Stage(tokens, onSale);
    }

    static string RandomMobile() =>
        RandomNumberGenerator.GetInt32(1_000_000_000).ToString("'199'000000000", CultureInfo.InvariantCulture);
}
