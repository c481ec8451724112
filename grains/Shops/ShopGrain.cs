namespace Mall.Shops;

public sealed class ShopGrain(GrainLedger ledger, LedgerClock clock) : Grain, IShopGrain
{
    public async Task<Result<ShopView>> Create(OpenShop command)
    {
        var now = clock.GetUtcNow();
        var shop = ShopView.Opened(this.GetPrimaryKeyLong(), command);
        DeactivateOnIdle(); // Whatever comes of it, the row knows.
        var outcome = await ledger.CommitAsync(
            IdempotencyRows.Under(command.Idempotency, "shop", shop.Id, now, changes: ShopRows.Insert(shop, now)));
        return outcome == CommitOutcome.Applied ? shop : IdempotencyRows.Reused;
    }

    public async Task<Result<ShopView>> Get()
    {
        // Read each time: what it has sold and how it is rated is written beside it.
        if (await ledger.FindAsync(ShopRows.ById, this.GetPrimaryKeyLong()) is { } shop) return shop;
        DeactivateOnIdle(); // whoever guesses ids shall not fill the memory
        return Result.Refused(ErrorCodes.NoSuchShop, $"There is no shop {this.GetPrimaryKeyLong()}.");
    }
}
