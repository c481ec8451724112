namespace Mall.Products;

/// <summary>Stock that orders take and bring back.</summary>
public sealed partial class ProductGrain
{
    public Task<Result<long>> DecrStock(Branch branch, long quantity, long? price)
    {
        // A caller that has given up waiting repeats the call while the first is still being committed. Counted anew it could be
        // refused for want of the very stock that it holds.
        var key = branch.Gid + '/' + branch.BranchId;
        if (_decrements.TryGetValue(key, out var underWay)) return underWay;
        var decrement = TakeAsync(branch, quantity, price, key);
        if (!decrement.IsCompleted) _decrements.Add(key, decrement);
        return decrement;
    }

    // A compensation of an action that never was settles with marker rows only.
    public Task ReturnStock(Branch branch, long quantity) => BringBackAsync(branch.Compensation(), quantity);

    public async Task<Result<Done>> TakeBack(Branch branch, long quantity) =>
        await BringBackAsync(branch.Action(), quantity) == CommitOutcome.Suspended ? branch.AlreadyCompensated() : Done.It;

    private async Task<CommitOutcome> BringBackAsync(BarrierKey key, long quantity)
    {
        await OwnedAsync();
        _arriving += quantity;
        try
        {
            var outcome = await CommitAsync(new WriteSet(key, Returning(quantity)));
            ThrowIfStale(outcome);
            if (outcome == CommitOutcome.Applied) Moved(quantity);
            return outcome;
        }
        finally
        {
            Release(reserved: 0, arriving: quantity);
        }
    }

    private async Task<Result<long>> TakeAsync(Branch branch, long quantity, long? price, string key)
    {
        try
        {
            await OwnedAsync();
            return await AnswerIfNotAdmittedAsync(branch, quantity, price) ?? await TakeAdmittedAsync(branch, quantity);
        }
        finally
        {
            _decrements.Remove(key);
        }
    }

    /// <summary>
    /// The answer for a decrement that cannot be had, or not at its price; null for one that may go ahead. A refusal is final:
    /// only the owner gives it, on figures of its own epoch, and only when it is durable that the branch never happens.
    /// Otherwise another activation of the saga, whose repeat of the call is on its way, could be granted what this one is
    /// refused.
    /// </summary>
    private async Task<Result<long>?> AnswerIfNotAdmittedAsync(Branch branch, long quantity, long? price)
    {
        await SettledAsync(() => WhyNot(quantity, price) is not null, quantity);
        if (WhyNot(quantity, price) is not { } refusal) return null;
        if (_product is null && await ledger.FindAsync(ProductRows.ById, Id) is not null) throw Stale();
        var outcome = await CommitAsync(new WriteSet(branch.Compensation(), Returning(0)) { IsRefusal = true });
        ThrowIfStale(outcome);
        return outcome == CommitOutcome.Duplicate
            ? _stock // This very branch was served already.
            : refusal with { IsSealed = true };
    }

    /// <summary>
    /// Waits while stock is on its way, out or in, that makes the difference: a refusal does not rest on what may never be
    /// committed, nor on what is in the row already and not yet acknowledged. If nobody knows what became of that, there is none.
    /// </summary>
    private async Task StockSettledAsync(long quantity)
    {
        while (_stock + _arriving >= quantity && _stock - _reserved < quantity) await _moved.Task;
        if (_inDoubt) throw Stale();
    }

    /// <summary>Likewise, and while a seller changes what somebody is about to be refused for.</summary>
    private async Task SettledAsync(Func<bool> isRefused, long quantity = 0)
    {
        do
        {
            while (isRefused() && !_sellers.IsCompleted) await _sellers;
            await StockSettledAsync(quantity);
        }
        while (isRefused() && !_sellers.IsCompleted);
    }

    private void Release(long reserved, long arriving = 0)
    {
        (_reserved, _arriving) = (_reserved - reserved, _arriving - arriving);
        var before = _moved;
        _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        before.SetResult();
    }

    /// <summary>For refusals that leave nothing behind: whoever has been superseded does not know enough to give them.</summary>
    private async Task StillOwnerAsync()
    {
        await OwnedAsync();
        if ((await ledger.FindAsync(ProductRows.ById, Id))?.Epoch != _product?.Epoch) throw Stale();
    }

    private Refusal? WhyNot(long quantity, long? price = null) => _product switch
    {
        null => NoSuchProduct(),
        { Status: not Product.OnSale } => OffSale(),
        { Price: var asked } when asked != (price ?? asked) => Result.Refused(
            ErrorCodes.ProductOffSale, $"Product {Id} is not sold at {price} any more, but at {asked}."),
        _ => _stock - _reserved < quantity ? NotEnough(quantity) : null,
    };

    /// <summary>A missing product has no stock to return to.</summary>
    private RowChange[] Returning(long quantity) => _product is null ? [] : [MoveStock(quantity, sold: -quantity)];

    private async Task<Result<long>> TakeAdmittedAsync(Branch branch, long quantity)
    {
        _reserved += quantity;
        try
        {
            return await MoveAsync(-quantity, sold: quantity, changes => new WriteSet(branch.Action(), changes)) switch
            {
                CommitOutcome.Applied or CommitOutcome.Duplicate => _stock,
                CommitOutcome.Suspended => (WhyNot(quantity) ?? WasRefused(quantity)) with { IsSealed = true },
                _ => throw Stale(),
            };
        }
        finally
        {
            Release(quantity);
        }
    }

    /// <summary>
    /// Commits a move for which stock is reserved already. The one that takes what is left below what is low carries the event
    /// of it. Others may be admitted before it is known what becomes of that one: they rely on it, and should it come to
    /// nothing, the next that is admitted tells.
    /// </summary>
    private async Task<CommitOutcome> MoveAsync(long stock, long sold, Func<RowChange[], WriteSet> writes)
    {
        var left = _stock - _reserved;
        var tells = stock < 0 && left < LowStock && !_isLow;
        CommitOutcome? outcome = null;
        if (tells) _isLow = true;
        try
        {
            outcome = await CommitAsync(writes(tells
                ? [MoveStock(stock, sold), await LowAsync(left)]
                : [MoveStock(stock, sold)]));
            if (outcome == CommitOutcome.Applied) Moved(stock);
            return outcome.Value;
        }
        finally
        {
            if (tells && outcome != CommitOutcome.Applied) _isLow = false;
        }
    }

    private ValueTask<RowChange> LowAsync(long left) => ledger.EventAsync(
        EventTypes.StockLow, $"product/{Id}", new StockEvent(Id, _product!.ShopId, left), clock.GetUtcNow());

    private void Moved(long stock)
    {
        _stock += stock;
        if (stock > 0 && _stock >= LowStock) _isLow = false;
    }
}
