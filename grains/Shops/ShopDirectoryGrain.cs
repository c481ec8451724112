namespace Mall.Shops;

/// <summary>Opens and finds shops; any number of callers at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class ShopDirectoryGrain(GrainLedger ledger) : Grain, IShopDirectoryGrain
{
    public async Task<Result<ShopView>> Open(OpenShop command)
    {
        if (command.Idempotency is { } repeated && await FindAsync(repeated) is { } before) return before;
        var id = await ledger.NextIdAsync("shops");
        var opened = await GrainFactory.GetGrain<IShopGrain>(id).Create(command);

        // Refused only when a request under the same key was faster by a hair: then its shop is the answer.
        return opened.IsRefused && command.Idempotency is { } lost ? await FindAsync(lost) ?? opened : opened;
    }

    public async Task<ImmutableArray<ShopView>> OfOwner(long ownerId) => [.. await ledger.QueryAsync(ShopRows.OfOwner, ownerId)];

    private async Task<Result<ShopView>?> FindAsync(Idempotency idempotency)
    {
        if (await ledger.FindAsync(IdempotencyRows.ByKey, idempotency.UserId, idempotency.Key) is not { } before) return null;
        return before.Answers(idempotency, "shop") is { } refusal
            ? refusal
            : await GrainFactory.GetGrain<IShopGrain>(before.ResultId).Get();
    }
}
