namespace Mall.Api.Shops;

/// <summary>A shop, as REST shows it.</summary>
/// <param name="Id">Positive.</param>
/// <param name="Name">As its seller named it.</param>
/// <param name="Rating">The average of its products' stars, 1 to 5 with two decimals; 0 while there are none.</param>
/// <param name="Sales">Pieces sold and not given back, as of some seconds ago.</param>
internal sealed record ShopAnswer(long Id, string Name, decimal Rating, long Sales)
{
    private const decimal RatingUnits = 100; // The grain keeps hundredths.

    public static ShopAnswer Of(ShopView shop) => new(shop.Id, shop.Name, shop.Rating / RatingUnits, shop.Sales);
}

/// <inheritdoc cref="OrderPageAnswer"/>
internal sealed record ShopPageAnswer(
    IReadOnlyList<ShopAnswer> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next, string Cursor)
{
    public static ShopPageAnswer Of(SortedPage<ShopView> page) =>
        new([.. page.Items.Select(ShopAnswer.Of)], page.Next, page.Cursor);
}

/// <summary>REST: shops.</summary>
internal static class ShopEndpoints
{
    public static void MapShops(this IEndpointRouteBuilder routes)
    {
        var shops = routes.MapGroup("/v1/shops").WithTags("Shops");
        shops.MapPost("", Open).RequireAuthorization(Policies.User).Refuses(ErrorCodes.KeyReused);
        shops.MapGet("", List);
        shops.MapGet("/{id}", Get).Refuses(ErrorCodes.NoSuchShop);
    }

    /// <summary>Open a shop</summary>
    /// <remarks>Its owner is a seller from then on.</remarks>
    /// <param name="body" example='{"name": "Tea and more"}'>The shop.</param>
    /// <response code="201">Opened.</response>
    internal static async Task<Created<ShopAnswer>> Open(
        Caller caller, [IdempotencyKey] string? key, Body<OpenShopInput> body, ShopDesk desk, Patience patience)
    {
        var shop = await desk.Open(caller, body.Value, key, patience);
        return new(shop.As(ShopAnswer.Of), shop => $"/v1/shops/{shop.Id}");
    }

    /// <summary>List shops</summary>
    /// <remarks>
    /// By id they come as they were opened: who goes on with next, and later with cursor, sees each once and misses none. By
    /// rating and sales the best come first, and what changes its place meanwhile may be seen twice, or not at all.
    /// </remarks>
    /// <param name="after">The next or the cursor of a page before, under the same sort; absent for the first page.</param>
    /// <param name="limit">How many.</param>
    /// <param name="sort">id, rating or sales.</param>
    /// <response code="200">A page.</response>
    internal static async Task<Ok<ShopPageAnswer>> List(
        ShopDesk desk, Patience patience, string? after,
        [Range(1, Paging.MaxLimit)] int limit = Paging.DefaultLimit, string sort = Sorting.Own) =>
        new(ShopPageAnswer.Of(await desk.List(after, limit, sort, patience)));

    /// <summary>Look at a shop</summary>
    /// <param name="id">The shop.</param>
    /// <response code="200">The shop.</response>
    internal static async Task<Ok<ShopAnswer>> Get(long id, ShopDesk desk, Patience patience) =>
        (await desk.Get(id, patience)).As(ShopAnswer.Of);
}
