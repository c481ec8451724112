using Mall.Shops;

namespace Mall.Api.Shops;

/// <summary>A shop, as REST shows it.</summary>
/// <param name="Id">Positive.</param>
/// <param name="Name">As its seller named it.</param>
/// <param name="Rating">The average of its products' stars, 1 to 5 with two decimals; 0 while there are none.</param>
/// <param name="Sales">Units sold.</param>
internal sealed record ShopAnswer(long Id, string Name, decimal Rating, long Sales)
{
    private const decimal RatingUnits = 100; // The grain keeps hundredths.

    public static ShopAnswer Of(ShopView shop) => new(shop.Id, shop.Name, Stars(shop), shop.Sales);

    public static decimal Stars(ShopView shop) => shop.Rating / RatingUnits;
}

/// <summary>REST: shops.</summary>
internal sealed class ShopEndpoints(ShopDesk desk, Clock clock)
{
    public void Map(RestRoutes shops)
    {
        shops.User("POST", "", Open)
            .Says("Open a shop", "Its owner is a seller from then on.")
            .Takes<OpenShopInput>("""{"name": "Tea and more"}""").TakesIdempotencyKey()
            .Gives<ShopAnswer>(201, "Opened.")
            .Refuses(ErrorCodes.KeyReused);

        shops.Open("GET", "/{id}", Get)
            .Says("Look at a shop")
            .Path("id", "integer", "The shop.")
            .Gives<ShopAnswer>(200, "The shop.")
            .Refuses(ErrorCodes.NoSuchShop);
    }

    private async Task Open(HttpContext http, Caller caller)
    {
        var key = http.IdempotencyKey();
        var input = await http.ReadBody(ApiJson.Default.OpenShopInput);
        var shop = await desk.Open(caller, input, key, clock.Patience(http));
        http.AnswerCreated(shop, "/v1/shops/", shop.Value?.Id, ShopAnswer.Of, ApiJson.Default.ShopAnswer);
    }

    private async Task Get(HttpContext http) =>
        http.Answer(await desk.Get(http.PathId(), clock.Patience(http)), ShopAnswer.Of, ApiJson.Default.ShopAnswer);
}
