using System.Globalization;
using Mall.Tests.FrontDoor;
using Mall.Tests.Hosting;

namespace Mall.Tests.Fuzz;

/// <summary>Who is there and what there is, so that bent requests are nearly good ones.</summary>
internal sealed class Cast
{
    private string[] _tokens = [];
    private string[] _ids = [];
    private string[] _gids = [];

    public IReadOnlyList<string> Headers { get; } =
    [
        "Authorization", "Idempotency-Key", "Content-Encoding", "Accept", "Origin", "X-Original-URI", "traceparent",
        "X-Forwarded-For", "Range", "If-Match", "Expect", "Accept-Encoding", "TE",
    ];

    public static async Task<Cast> OfAsync(WholeMall mall)
    {
        var seller = await mall.RegisterAsync("13800000001");
        var customer = await mall.RegisterAsync("13800000002");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", seller.Token);
        var ids = new List<long> { 1, 2, 999_999, seller.Id, customer.Id };
        var gids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var product = await mall.SellAsync(seller.Token, stock: 1_000_000);
            var items = string.Create(CultureInfo.InvariantCulture, $$"""{"items":[{"productId":{{product}},"quantity":1}]}""");
            var order = (await mall.SendAsync("POST", "/v1/orders", items, customer.Token)).Json;
            ids.AddRange([product, order.GetProperty("id").GetInt64()]);
            gids.Add(order.GetProperty("gid").GetString()!);
        }

        return new Cast
        {
            _tokens = [Of(seller.Id, "seller"), Of(customer.Id, "user"), Jwt.Operator, "x.y.z"],
            _ids = [.. ids.Select(id => id.ToString(CultureInfo.InvariantCulture))],
            _gids = [.. gids],
        };
    }

    /// <summary>A token of no session, which nobody can sign out.</summary>
    private static string Of(long userId, string role) => Jwt.Make(Jwt.Header, Jwt.Payload(userId, role), WholeMall.TokenKey);

    /// <summary>Mostly one where one is asked for.</summary>
    public string? Token(Random random, bool isAsked) =>
        random.Once(15) == isAsked ? null : random.Of(_tokens[..(random.Once(20) ? 4 : 3)]);

    public string Value(Random random, string name) => name switch
    {
        "gid" => random.Of(_gids),
        "mobile" => $"139{random.Next(random.Once(2) ? 10 : 100_000_000):D8}",
        "password" => "correct horse",
        "wait" => random.Once(4) ? "false" : "true",
        "status" => random.Of(["0", "1", "9", "succeed"]),
        "idempotency-key" => $"{random.Next(1000)}",
        "quantity" or "delta" or "price" or "stock" or "limit" or "gender" or "after" => $"{random.Next(3)}",
        _ when name.EndsWith("id", StringComparison.OrdinalIgnoreCase) => random.Of(_ids),
        _ => "Tea",
    };

    /// <summary>The same as JSON, of the kind that is there.</summary>
    public string Json(Random random, string name, string there)
    {
        var value = Value(random, name);
        return there[0] == '"' ? $"\"{value}\"" : char.IsAsciiDigit(value[0]) ? value : there;
    }
}
