namespace Mall.Bench.Load;

/// <summary>An installation as a client sees it, by one protocol. The first three calls prepare a load, in no hurry.</summary>
/// <exception cref="BenchmarkException">From any of them: the installation said no, or nothing.</exception>
interface IFrontDoor : IDisposable
{
    /// <summary>Registers a customer and signs in.</summary>
    /// <returns>The access token.</returns>
    Task<string> SignUpAsync(string mobile, string password, CancellationToken cancellationToken);

    /// <summary>Opens a shop for the customer, who is a seller from then on.</summary>
    /// <returns>The access token to sell with.</returns>
    Task<string> OpenShopAsync(string token, string mobile, string password, CancellationToken cancellationToken);

    /// <summary>Puts a product on sale.</summary>
    /// <returns>Its id.</returns>
    Task<long> CreateProductAsync(string token, string name, long stock, CancellationToken cancellationToken);

    /// <summary>A client for each of the tokens, on which its customer places one order after the other.</summary>
    IEnumerable<IOrderClient> Connect(IEnumerable<string> tokens, IReadOnlyList<Basket> baskets);
}

/// <summary>Places orders, one at a time.</summary>
interface IOrderClient : IDisposable
{
    /// <summary>Places an order and waits until its saga has ended.</summary>
    /// <param name="basket">Which of the baskets that the client was made with.</param>
    /// <param name="idempotencyKey">Unique, at most 64 characters.</param>
    /// <returns>Null when the order stands, else why not: the mall's code, or what became of the connection.</returns>
    ValueTask<string?> PlaceAsync(int basket, string idempotencyKey);
}

/// <summary>What one order asks for: one piece of each of these products.</summary>
sealed record Basket(IReadOnlyList<long> Products)
{
    /// <summary>A choice of different products at random, the same for the same seed.</summary>
    public static IReadOnlyList<Basket> Choose(IReadOnlyList<long> products, int items, int seed)
    {
        const int howMany = 1024; // enough for every order to look different, few enough to be rendered beforehand
        if (items > products.Count)
            throw new BenchmarkException($"--items {items} needs as many products; there are {products.Count}.");
        var random = new Random(seed);
        var different = items == products.Count ? 1 : howMany;
        return [.. Enumerable.Range(0, different).Select(_ => new Basket(Sample(products, items, random)))];
    }

    static long[] Sample(IReadOnlyList<long> products, int items, Random random)
    {
        var chosen = new HashSet<long>();
        while (chosen.Count < items)
            chosen.Add(products[random.Next(products.Count)]);
        return [.. chosen];
    }
}
