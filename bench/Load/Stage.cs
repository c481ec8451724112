using System.Net.Http.Json;

namespace Mall.Bench.Load;

/// <summary>Who orders, and what.</summary>
/// <param name="Tokens">Access tokens of customers, good for two hours by default.</param>
/// <param name="Products">Products on sale.</param>
sealed record Stage(IReadOnlyList<string> Tokens, IReadOnlyList<long> Products)
{
    /// <summary>As much as the mall takes: no load is to end because something is sold out.</summary>
    public const long Stock = 1_000_000_000;
    public const long Price = 100;

    /// <summary>How many customers share the connections of a load.</summary>
    public const int Customers = 8;

    /// <summary>
    /// Registers new customers with random mobiles; the first of them opens a shop and sells. Over REST, whatever orders are
    /// placed over: gRPC opens no shops.
    /// </summary>
    /// <param name="rest">Where the front door stands, with a slash at the end.</param>
    /// <param name="stock">Of each product.</param>
    /// <param name="customers">How many.</param>
    /// <exception cref="BenchmarkException">The mall said no, or nothing.</exception>
    public static async Task<Stage> SetAsync(
        Uri rest, int products, CancellationToken cancellationToken, long stock = Stock, int customers = Customers)
    {
        using var client = new HttpClient { BaseAddress = rest };
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var mobiles = Enumerable.Range(0, customers).Select(_ => RandomMobile()).ToList();
        var tokens = new List<string>();
        foreach (var mobile in mobiles)
        {
            await PostAsync(null, "v1/users", new { mobile, password, name = "load" });
            tokens.Add(await SignInAsync(mobile));
        }

        await PostAsync(tokens[0], "v1/shops", new { name = "Load" });
        var seller = await SignInAsync(mobiles[0]);
        var onSale = new List<long>();
        for (var i = 1; i <= products; i++)
        {
            var product = await PostAsync(seller, "v1/products", new { name = $"Load {i}", stock, price = Price });
            onSale.Add(product.GetProperty("id").GetInt64());
        }

        return new Stage(tokens, onSale);

        async Task<string> SignInAsync(string mobile) =>
            (await PostAsync(null, "v1/sessions", new { mobile, password })).GetProperty("accessToken").GetString()!;

        async Task<JsonElement> PostAsync(string? token, string path, object body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
            if (token is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            try
            {
                using var response = await client.SendAsync(request, cancellationToken);
                var text = await response.Content.ReadAsStringAsync(cancellationToken);
                return response.IsSuccessStatusCode
                    ? JsonElement.Parse(text)
                    : throw new BenchmarkException($"POST {path} was answered {(int)response.StatusCode}: {text}");
            }
            catch (HttpRequestException e)
            {
                throw new BenchmarkException($"{rest} does not answer: {e.Message}");
            }
        }
    }

    static string RandomMobile() =>
        RandomNumberGenerator.GetInt32(1_000_000_000).ToString("'199'000000000", CultureInfo.InvariantCulture);
}
