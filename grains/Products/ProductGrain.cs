namespace Mall.Products;

/// <summary>
/// A product. Thousands may want it in one second, so all calls interleave and their changes are summed in one group commit;
/// memory decides who may have a piece, the database confirms it, and only then is anybody answered.
/// <para>
/// Reentrant: between any two turns other calls may move <c>_stock</c> and <c>_product</c>. Each method therefore reserves before
/// its await, settles exactly its own reservation after it, and looks again at what it has carried across one. What a seller does
/// comes one after the other, by <c>_sellers</c>: a change of the description sets what it has read.
/// </para>
/// <para>
/// Fenced: a new owner epoch is taken before the first write or refusal, and every write demands it. If another activation has
/// taken the product over, the write is a conflict, and this activation ends itself (after an order as a whole, whose conflict
/// may be that of a repeat, with the step that follows). Who only looks at the product costs a read.
/// (Nothing is read on activation: one that fails there is refused to all callers for seconds, and a blip of the database must
/// not cost more than itself.)
/// </para>
/// </summary>
[Reentrant]
public sealed partial class ProductGrain(GrainLedger ledger, LedgerClock clock, WholeOrders orders) : Grain, IProductGrain
{
    private readonly Dictionary<string, Task<Result<long>>> _decrements = []; // under way, by gid and branch
    private readonly Inventory _stock = new();

    private Task? _loading;                        // under way or done; null before, and after it has failed
    private Task? _owning;                         // likewise
    private Task _sellers = Task.CompletedTask;    // ends when the last of those who take turns has
    private Product? _product; // null: there is none; its Stock and Sold are only those it was loaded with
    private bool _inDoubt;     // What became of a commit is unknown: memory is good for nothing any more.
    private long? _ownerId;    // of the shop; it never changes

    private long Id => this.GetPrimaryKeyLong();

    /// <summary>What only looks begins with it; free once it has succeeded.</summary>
    private Task LoadedAsync() =>
        _inDoubt ? throw Stale() : _loading is { IsFaulted: false } ? _loading : _loading = LoadAsync();

    /// <summary>What writes or refuses begins with it; free once it has succeeded.</summary>
    private Task OwnedAsync() =>
        _inDoubt ? throw Stale() : _owning is { IsFaulted: false } ? _owning : _owning = OwnAsync();

    private async Task LoadAsync()
    {
        if (await ledger.FindAsync(ProductRows.ById, Id) is { } product) Adopt(product);
    }

    private async Task OwnAsync()
    {
        await LoadedAsync();
        while (_product is { Epoch: var before })
        {
            var taken = await CommitAsync(new WriteSet(ProductRows.TakeEpoch(Id, before, before + 1)));

            // Whatever an older epoch wrote until then is in the row now. If another activation was faster: what that has left.
            Adopt(await ledger.FindAsync(ProductRows.ById, Id) ?? throw new UnreachableException($"Product {Id} has gone."));
            if (taken == CommitOutcome.Applied && _product.Epoch == before + 1) return;
        }
    }

    public async Task<Result<ProductView>> Create(long shopId, CreateProduct command)
    {
        var now = clock.GetUtcNow();
        var product = Product.Created(Id, shopId, command);
        var outcome = await CommitAsync(
            IdempotencyRows.Under(command.Idempotency, "product", Id, now, changes: ProductRows.Insert(product, now)));
        DeactivateOnIdle(); // The row knows what has come of it; whether this activation has looked for it before, nobody does.
        return outcome == CommitOutcome.Applied ? product.View : IdempotencyRows.Reused;
    }

    public async Task<Result<ProductView>> Get()
    {
        await LoadedAsync();
        return _product is null ? NoSuchProduct() : View;
    }

    public async Task<Result<Quote>> Quote()
    {
        await LoadedAsync();
        await SettledAsync(() => _product is { Status: Product.OffSale });
        if (_product is { Status: Product.OffSale }) await StillOwnerAsync();
        return _product switch
        {
            null => NoSuchProduct(),
            { Status: Product.OffSale } => OffSale(),
            var p => new Quote(p.Id, p.Name, p.Price),
        };
    }

    public async Task<Result<ProductView>> Change(ChangeProduct command)
    {
        if (await RefuseUnlessSellerAsync(command.UserId) is { } refusal) return refusal;

        return await InTurnAsync(async () =>
        {
            var before = _product!;
            var after = before with
            {
                Name = command.Name ?? before.Name,
                Desc = command.Desc ?? before.Desc,
                Price = command.Price ?? before.Price,
                Status = command.Status ?? before.Status,
                Attributes = command.Attributes ?? before.Attributes,
            };
            if (after != before)
            {
                ThrowIfStale(await CommitAsync(new WriteSet(ProductRows.Describe(after, clock.GetUtcNow()))));
                _product = after;
            }

            return View;
        });
    }

    public async Task<Result<Done>> Remove(long userId)
    {
        var changed = await Change(new ChangeProduct(userId, Name: null, Desc: null, Price: null, Status: Product.OffSale));
        return changed.IsRefused ? changed.Refusal : Done.It;
    }

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
        using var coming = _stock.Reserve(going: 0, coming: quantity);
        var outcome = await CommitAsync(new WriteSet(key, Returning(quantity)));
        ThrowIfStale(outcome);
        if (outcome == CommitOutcome.Applied) _stock.Move(quantity, sold: -quantity);
        return outcome;
    }

    private async Task<Result<long>> TakeAsync(Branch branch, long quantity, long? price, string key)
    {
        try
        {
            await OwnedAsync();
            Result<long>? answer;
            do
                answer = await AnswerIfNotAdmittedAsync(branch, quantity, price)
                    ?? await TakeAdmittedAsync(branch, quantity, price);
            while (answer is null);
            return answer;
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
        var outcome = await CommitAsync(branch.Sealing(Returning(0)));
        ThrowIfStale(outcome);
        return outcome == CommitOutcome.Duplicate
            ? _stock.OnHand // This very branch was served already.
            : refusal with { IsSealed = true };
    }

    /// <summary>If nobody knows what became of the stock that was on its way, there is no refusal.</summary>
    private async Task StockSettledAsync(long quantity)
    {
        await _stock.SettledAsync(quantity);
        if (_inDoubt) throw Stale();
    }

    /// <summary>Likewise, and waits while a seller changes what somebody is about to be refused for.</summary>
    private async Task SettledAsync(Func<bool> isRefused, long quantity = 0)
    {
        do
        {
            while (isRefused() && !_sellers.IsCompleted) await _sellers;
            await StockSettledAsync(quantity);
        }
        while (isRefused() && !_sellers.IsCompleted);
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
        _ => _stock.Available < quantity ? NotEnough(quantity) : null,
    };

    /// <summary>A missing product has no stock to return to.</summary>
    private RowChange[] Returning(long quantity) => _product is null ? [] : [MoveStock(quantity, sold: -quantity)];

    /// <summary>Null when a seller has changed meanwhile what it was admitted for, and nothing was written.</summary>
    private async Task<Result<long>?> TakeAdmittedAsync(Branch branch, long quantity, long? price)
    {
        using var going = _stock.Reserve(quantity);
        return await MoveAsync(
            -quantity, sold: quantity, changes => WhyNot(0, price) is null ? new WriteSet(branch.Action(), changes) : null) switch
        {
            null => null,
            CommitOutcome.Applied or CommitOutcome.Duplicate => _stock.OnHand,
            CommitOutcome.Suspended => (WhyNot(quantity) ?? WasRefused(quantity)) with { IsSealed = true },
            _ => throw Stale(),
        };
    }

    /// <summary>
    /// Commits a move for which stock is reserved already. The one that takes what is left below what is low carries the event
    /// of it.
    /// </summary>
    /// <param name="writes">Asked when nothing is waited for any more but the commit. Null: not to be done any more.</param>
    private async Task<CommitOutcome?> MoveAsync(long stock, long sold, Func<RowChange[], WriteSet?> writes)
    {
        var (left, tells) = (_stock.Available, _stock.IsToTell(stock));
        CommitOutcome? outcome = null;
        try
        {
            RowChange[] changes = tells ? [MoveStock(stock, sold), await LowAsync(left)] : [MoveStock(stock, sold)];
            if (writes(changes) is { } set) outcome = await CommitAsync(set);
            if (outcome == CommitOutcome.Applied) _stock.Move(stock, sold);
            return outcome;
        }
        finally
        {
            if (tells && outcome != CommitOutcome.Applied) _stock.TellAgain();
        }
    }

    private ValueTask<RowChange> LowAsync(long left) => ledger.EventAsync(
        EventTypes.StockLow, $"product/{Id}", new StockEvent(Id, _product!.ShopId, left), clock.GetUtcNow());

    private async Task<T> InTurnAsync<T>(Func<Task<T>> change)
    {
        var others = _sellers;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sellers = done.Task;
        await others;
        try
        {
            return await change();
        }
        finally
        {
            done.SetResult();
        }
    }

    private void Adopt(Product product)
    {
        _product = product;
        _stock.Load(product.Stock, product.Sold);
    }

    /// <summary>Commits. When the outcome is unknown, memory may be wrong, so the next call begins from the row again.</summary>
    private async Task<CommitOutcome> CommitAsync(WriteSet writes)
    {
        try
        {
            return await ledger.CommitAsync(writes);
        }
        catch (StorageUnavailableException e) when (!e.NothingHappened)
        {
            _inDoubt = true;
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task<Refusal?> RefuseUnlessSellerAsync(long userId)
    {
        await OwnedAsync();
        if (_product is null) return NoSuchProduct();
        _ownerId ??= (await GrainFactory.GetGrain<IShopGrain>(_product.ShopId).Get()).Value?.OwnerId;
        return _ownerId == userId ? null : Result.Refused(ErrorCodes.Forbidden, $"Product {Id} is not yours.");
    }

    private void ThrowIfStale(CommitOutcome outcome)
    {
        if (outcome == CommitOutcome.Conflict) throw Stale();
    }

    private StaleActivationException Stale()
    {
        DeactivateOnIdle();
        return new StaleActivationException($"Product {Id} is no longer owned under epoch {_product?.Epoch}.");
    }

    private ProductView View => (_product ?? throw new UnreachableException()).View with { Stock = _stock.OnHand };

    private RowChange MoveStock(long stock, long sold) => ProductRows.MoveStock(Id, _product!.Epoch, stock, sold);

    private Refusal NoSuchProduct()
    {
        DeactivateOnIdle(); // whoever guesses ids shall not fill the memory
        return Result.Refused(ErrorCodes.NoSuchProduct, $"There is no product {Id}.");
    }

    private Refusal OffSale() => Result.Refused(ErrorCodes.ProductOffSale, $"Product {Id} is off sale.");

    /// <summary>
    /// A saga compensates what it has called, and calls nothing afterwards; so a branch that is suspended was refused, or sealed
    /// by an operator's abort, and that never reached whoever drives the saga now. What it said is not known any more.
    /// </summary>
    private Refusal WasRefused(long wanted) =>
        Result.Refused(
            ErrorCodes.NotEnoughStock, $"Product {Id} had less than {wanted} left, was off sale, or the order was aborted.");

    private Refusal NotEnough(long wanted) =>
        Result.Refused(ErrorCodes.NotEnoughStock, $"Product {Id} has {_stock.Available} left, {wanted} wanted.");
}
