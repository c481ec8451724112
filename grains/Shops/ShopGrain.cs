namespace Mall.Shops;

public sealed class ShopGrain(GrainLedger ledger, LedgerClock clock) : Grain, IShopGrain
{
    private ShopView? _shop;

    public async Task<Result<ShopView>> Create(OpenShop command)
    {
        var now = clock.GetUtcNow();
        var shop = new ShopView(this.GetPrimaryKeyLong(), command.OwnerId, command.Name, Rating: 0, Sales: 0);
        DeactivateOnIdle(); // Whatever comes of it, the row knows.
        var outcome = await ledger.CommitAsync(
            new WriteSet([ShopRows.Insert(shop, now), .. IdempotencyRows.Insert(command.Idempotency, "shop", shop.Id, now)]));
        return outcome == CommitOutcome.Applied ? shop : Result.Refused(ErrorCodes.KeyReused, "This idempotency key is in use.");
    }

    public async Task<Result<ShopView>> Get()
    {
        if ((_shop ??= await ledger.FindAsync(ShopRows.ById, this.GetPrimaryKeyLong())) is { } shop) return shop;
        DeactivateOnIdle(); // whoever guesses ids shall not fill the memory
        return Result.Refused(ErrorCodes.NoSuchShop, $"There is no shop {this.GetPrimaryKeyLong()}.");
    }
}
