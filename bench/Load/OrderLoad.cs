namespace Mall.Bench.Load;

/// <summary>How orders are placed.</summary>
/// <param name="Callers">How many are under way at once.</param>
/// <param name="CallsPerConnection">How many of them share a connection; of gRPC only.</param>
/// <param name="Products">How many are on sale.</param>
/// <param name="Items">How many of them an order has.</param>
/// <param name="HasRandomKeys">Whether their idempotency keys are in no order.</param>
/// <param name="Rate">Orders a second, of all callers; null for as many as go.</param>
sealed record OrderLoad(int Callers, int CallsPerConnection, int Products, int Items, bool HasRandomKeys, double? Rate)
{
    static readonly Option<int> s_callers = RunOptions.AtLeastOne(
        "--callers", "Orders under way at a time, over HTTP each on a connection of its own.", 64, "--connections");
    static readonly Option<int> s_products = RunOptions.AtLeastOne("--products", "Products that are put on sale.", 100);
    static readonly Option<int> s_items = RunOptions.AtLeastOne("--items", "Products of an order, one piece of each.", 1);

    static readonly Option<bool> s_randomKeys = new("--random-keys")
    {
        Description = "Idempotency keys in no order, like UUIDs of version 4. They count up unless this is said.",
    };

    public static IEnumerable<Option> Options => [s_callers, s_products, s_items, s_randomKeys];

    public static OrderLoad Of(ParseResult options, int callsPerConnection = 1, double? rate = null) => new(
        options.GetValue(s_callers), callsPerConnection, options.GetValue(s_products), options.GetValue(s_items),
        options.GetValue(s_randomKeys), rate);

    /// <summary>The idempotency key of an order.</summary>
    /// <param name="run">Tells the keys of one run from another's.</param>
    public string KeyOf(string run, long order) => HasRandomKeys ? $"{Guid.NewGuid()}" : $"load-{run}-{order}";
}
