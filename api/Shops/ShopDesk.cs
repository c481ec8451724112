namespace Mall.Api.Shops;

/// <summary>What a seller says of a new shop.</summary>
/// <param name="Name">1 to 64 characters.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record OpenShopInput([property: Length(1, ShopDesk.MaxName)] string? Name);

/// <summary>Where shops are opened, looked at and listed.</summary>
internal sealed class ShopDesk(IGrainFactory grains)
{
    public const int MaxName = 64;

    private static readonly string[] s_sorts = ["id", "rating", "sales"]; // As in ShopOrder.

    /// <summary>Opens a shop that is the caller's; see <see cref="IShopDirectoryGrain.Open"/> for the refusals.</summary>
    public Task<Result<ShopView>> Open(Caller caller, OpenShopInput input, string? key, Patience patience)
    {
        var checks = new FieldChecks();
        var name = checks.Text("name", input.Name, 1, MaxName);
        checks.ThrowIfAny();

        var idempotency = key.ToIdempotency(caller.UserId, $"shop {IdempotencyKeys.Quote(name)}");
        var command = new OpenShop(caller.UserId, name, idempotency);
        return patience.Ask(idempotency is not null, () => grains.GetGrain<IShopDirectoryGrain>(0).Open(command));
    }

    public async Task<SortedPage<ShopView>> List(string? after, int limit, string sort, Patience patience)
    {
        var command = new ListShops(
            (ShopOrder)Sorting.IndexOf(sort, s_sorts), Sorting.Place(after, sort), limit);
        return new(await patience.Insist(() => grains.GetGrain<IShopDirectoryGrain>(0).List(command)), sort);
    }

    /// <summary>Refused with 300004 when there is no such shop.</summary>
    public Task<Result<ShopView>> Get(long shopId, Patience patience) =>
        patience.Insist(() => grains.GetGrain<IShopGrain>(FieldChecks.RequireId(shopId)).Get());
}
