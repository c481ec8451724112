namespace Mall.Bench.Load;

/// <summary>What one order asks for: one piece of each of these products.</summary>
sealed record Basket(IReadOnlyList<long> Products)
{
    /// <summary>A choice of different products at random, always the same of the same products.</summary>
    public static IReadOnlyList<Basket> Choose(IReadOnlyList<long> products, int items)
    {
        const int howMany = 1024; // enough for every order to look different, few enough to be rendered beforehand
        if (items > products.Count)
            throw new BenchmarkException($"--items {items} needs as many products; there are {products.Count}.");
        var random = new Random(1);
        return [.. Enumerable.Range(0, howMany).Select(_ => new Basket(Sample(random)))];

        long[] Sample(Random from)
        {
            var all = products.ToArray();
            from.Shuffle(all);
            return all[..items];
        }
    }
}
