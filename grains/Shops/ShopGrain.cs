namespace Mall.Shops;

/// <summary>A shop.</summary>
public sealed class ShopGrain(GrainLedger ledger, TimeProvider clock) : Grain, IShopGrain
{
    private ShopView? _shop;

    public override async Task OnActivateAsync(CancellationToken cancellationToken) =>
        _shop = await ledger.FindAsync(ShopRows.ById, this.GetPrimaryKeyLong());

    public async Task<Result<ShopView>> Create(OpenShop command)
    {
        var now = clock.GetUtcNow();
        var shop = new ShopView(this.GetPrimaryKeyLong(), command.OwnerId, command.Name, Rating: 0, Sales: 0);
        var outcome = await ledger.CommitAsync(
            new WriteSet([ShopRows.Insert(shop, now), .. IdempotencyRows.Insert(command.Idempotency, "shop", shop.Id, now)]));
        if (outcome != CommitOutcome.Applied) return Result.Refused(ErrorCodes.KeyReused, "This idempotency key is in use.");
        _shop = shop;
        return shop;
    }

    public Task<Result<ShopView>> Get()
    {
        if (_shop is not null) return Task.FromResult<Result<ShopView>>(_shop);
        DeactivateOnIdle(); // whoever guesses ids shall not fill the memory
        return Task.FromResult<Result<ShopView>>(
            Result.Refused(ErrorCodes.NoSuchShop, $"There is no shop {this.GetPrimaryKeyLong()}."));
    }
}
