using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Mall.Silo.Demo;

/// <summary>Fills a mall through its front door, as sellers and customers would, beside what is there.</summary>
internal sealed class DemoFill(HttpClient door, CancellationToken stop = default)
{
    private const int Customers = 8;
    private const int OrdersOfEach = 2;
    private const int ItemsOfOrder = 12;

    // The same goods, orders and opinions each time; nobody can guess the password.
    private readonly Random _random = new(1);
    private readonly string _password = RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <returns>The lines that tell what has been done.</returns>
    /// <exception cref="SettingsException">A step was refused: the demo is not complete.</exception>
    public async Task<IReadOnlyList<string>> RunAsync()
    {
        if (await TryJoinAsync(Mobile(1, 0), DemoShop.All[0].Seller) is not { } first)
            return [$"The demo has been here: {Mobile(1, 0)} has an account; nothing was added."];
        var products = new List<long>();
        foreach (var (i, shop) in DemoShop.All.Index())
            products.AddRange(await OpenAsync(shop, i == 0 ? first : await JoinAsync(Mobile(1, i), shop.Seller)));
        var reviews = 0;
        for (var i = 0; i < Customers; i++) reviews += await ShopAsync(Mobile(2, i), products);
        return
        [
            $"There are {DemoShop.All.Length} shops, {products.Count} products, {Customers} customers and {reviews} reviews more "
                + "now.",
            $"Sellers are {Mobile(1, 0)} to {Mobile(1, DemoShop.All.Length - 1)}, customers {Mobile(2, 0)} to "
                + $"{Mobile(2, Customers - 1)}; each signs in with the password {_password}",
        ];
    }

    private static string Mobile(int group, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"1550000{group}{number:000}");

    private async Task<IEnumerable<long>> OpenAsync(DemoShop shop, string seller)
    {
        await SendAsync(HttpMethod.Post, "/v1/shops", new { name = shop.Name }, seller);
        var ids = new List<long>();
        foreach (var good in shop.Goods)
            foreach (var kind in shop.Kinds)
                ids.Add(IdOf(await SendAsync(HttpMethod.Post, "/v1/products", new
                {
                    name = $"{good} ({kind})",
                    desc = $"{good}, {shop.Trait}: {kind}. From {shop.Name}.",
                    stock = _random.Next(50, 500),
                    price = _random.Next(2, 200) * 50,
                    attributes = new Dictionary<string, string> { [shop.Trait] = kind },
                }, seller)));
        return ids;
    }

    /// <summary>A customer orders, pays and says what they think of it.</summary>
    /// <returns>How many reviews there are more.</returns>
    private async Task<int> ShopAsync(string mobile, List<long> products)
    {
        var customer = await JoinAsync(mobile, "Customer");
        var bought = products.ToArray();
        _random.Shuffle(bought);
        var reviews = 0;
        foreach (var items in bought.Chunk(ItemsOfOrder).Take(OrdersOfEach))
        {
            var order = await SendAsync(HttpMethod.Post, "/v1/orders", new
            {
                items = items.Select(id => new { productId = id, quantity = _random.Next(1, 4) }),
            }, customer);
            if (!await PayAsync(IdOf(order), customer)) continue;
            foreach (var id in items)
            {
                var stars = Math.Clamp(_random.Next(2, 8), 1, 5); // Most people are content.
                var texts = DemoShop.Reviews[stars - 1];
                await SendAsync(
                    HttpMethod.Post, $"/v1/products/{id}/reviews", new { stars, text = texts[_random.Next(texts.Length)] },
                    customer);
                reviews++;
            }
        }

        return reviews;
    }

    /// <summary>Through the sandbox. False: this mall has another way of being paid, or none, and nobody has paid.</summary>
    private async Task<bool> PayAsync(long orderId, string customer)
    {
        var payment = await TrySendAsync(
            HttpMethod.Post, "/v1/payments", ErrorCodes.NoPaymentProvider, new { orderId }, customer);
        if (payment is not { } made || !Uri.TryCreate(made.GetProperty("payUrl").GetString(), UriKind.Absolute, out var page)
            || !page.AbsolutePath.StartsWith("/sandbox/", StringComparison.Ordinal))
            return false;

        // The page may know itself under another name; here it is reached as everything else is.
        await SendAsync(HttpMethod.Post, page.PathAndQuery, new { action = "pay" });
        for (var attempts = 0; attempts < 100; attempts++)
        {
            var status = (await SendAsync(HttpMethod.Get, $"/v1/orders/{orderId}", token: customer)).GetProperty("status");
            if (status.GetInt32() == 1) return true;
            await Task.Delay(50, stop);
        }

        throw new SettingsException("demo", $"order {orderId} was paid, and does not say so");
    }

    private async Task<string> JoinAsync(string mobile, string name) =>
        await TryJoinAsync(mobile, name) ?? throw new SettingsException("demo", $"{mobile} has an account already");

    /// <summary>Null: that mobile has an account.</summary>
    private async Task<string?> TryJoinAsync(string mobile, string name)
    {
        var user = new { mobile, password = _password, name };
        if (await TrySendAsync(HttpMethod.Post, "/v1/users", ErrorCodes.MobileTaken, user) is null) return null;
        var session = await SendAsync(HttpMethod.Post, "/v1/sessions", new { mobile, password = _password });
        return session.GetProperty("accessToken").GetString()!;
    }

    private static long IdOf(JsonElement made) => made.GetProperty("id").GetInt64();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null, string? token = null) =>
        (await TrySendAsync(method, path, null, body, token))!.Value;

    /// <summary>Null: it was refused with that code. Refused with any other, the demo ends.</summary>
    private async Task<JsonElement?> TrySendAsync(
        HttpMethod method, string path, int? but, object? body = null, string? token = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await door.SendAsync(request, stop);
        var isJson = response.Content.Headers.ContentType?.MediaType is "application/json" or "application/problem+json";
        var answer = JsonElement.Parse(isJson ? await response.Content.ReadAsStringAsync(stop) : "{}");
        if (response.IsSuccessStatusCode) return answer;
        return but is not null && answer.TryGetProperty("code", out var code) && code.GetInt32() == but
            ? null
            : throw new SettingsException(
                "demo", $"the mall at {door.BaseAddress} answered {method} {path} with {(int)response.StatusCode}");
    }
}
