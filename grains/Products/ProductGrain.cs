using System.Globalization;

namespace Mall.Products;

/// <summary>
/// A product. Thousands may want it in one second, so all calls interleave and their changes are summed in one group commit;
/// memory decides who may have a piece, the database confirms it, and only then is anybody answered.
/// <para>
/// Invariant: <c>_stock</c> is what is committed, <c>_reserved</c> what decrements under way will take from it; a decrement is
/// admitted only when <c>_stock - _reserved</c> covers it, so the committed stock never goes below zero. Increments count only
/// once they are committed; until then they are <c>_arriving</c>.
/// </para>
/// <para>
/// Reentrant: between any two turns other calls may move <c>_stock</c>, <c>_reserved</c> and <c>_product</c>. Each method
/// therefore reserves before its await, settles exactly its own reservation after it, and carries no figure across an await.
/// What a seller does comes one after the other, by <c>_sellers</c>: a change of the description sets what it has read.
/// </para>
/// <para>
/// Fenced: a new owner epoch is taken before the first write or refusal, and every write demands it. If another activation has
/// taken the product over, the write is a conflict, and this activation ends itself. Who only looks at the product costs a read.
/// (Nothing is read on activation: one that fails there is refused to all callers for seconds, and a blip of the database must
/// not cost more than itself.)
/// </para>
/// </summary>
[Reentrant]
public sealed partial class ProductGrain(GrainLedger ledger, LedgerClock clock) : Grain, IProductGrain
{
    /// <summary>Far below what a number may be, so that what orders hold can always come back.</summary>
    private const long MostStock = 1_000_000_000_000_000;

    /// <summary>Stock that falls below this is an event, once until it has been up there again.</summary>
    private const long LowStock = 10;

    private readonly Dictionary<string, Task<Result<long>>> _decrements = []; // under way, by gid and branch

    private Task? _loading;                        // under way or done; null before, and after it has failed
    private Task? _owning;                         // likewise
    private Task _sellers = Task.CompletedTask;    // ends when the last of those who take turns has
    private Product? _product; // null: there is none; its Stock is only the one it was loaded with
    private long _stock;
    private long _reserved;
    private long _arriving;
    private bool _inDoubt;     // What became of a commit is unknown: memory is good for nothing any more.
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously); // at the next release
    private bool _isLow;       // That stock is low has been told, or is being told: with a commit under way.
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

    public async Task<Result<long>> AdjustStock(long userId, long delta, Idempotency? idempotency)
    {
        if (await AnswerBeforeAsync(idempotency) is { } before) return before;
        if (await RefuseUnlessSellerAsync(userId) is { } refusal) return refusal;
        return await InTurnAsync(
            async () => await AnswerBeforeAsync(idempotency) ?? await AdjustAsync(delta, idempotency));
    }

    public async Task<Result<long>> SetStock(long userId, long stock)
    {
        if (await RefuseUnlessSellerAsync(userId) is { } refusal) return refusal;
        return await InTurnAsync(async () =>
        {
            // What is sold while it waits for its turn is not there to be taken away: it is counted again.
            while (true)
            {
                var adjusted = await AdjustAsync(stock - _stock, idempotency: null);
                if (adjusted.Refusal is not { Code: ErrorCodes.NotEnoughStock }) return adjusted;
            }
        });
    }

    private async Task<Result<long>> AdjustAsync(long delta, Idempotency? idempotency)
    {
        var taken = Math.Max(0, -delta);
        await StockSettledAsync(taken);
        if (_stock + delta > MostStock) return Result.BadField("delta", $"must not bring the stock beyond {MostStock}");
        if (_stock - _reserved < taken)
        {
            await StillOwnerAsync();
            return NotEnough(taken);
        }

        var brought = Math.Max(0, delta);
        (_reserved, _arriving) = (_reserved + taken, _arriving + brought);
        try
        {
            var stock = _stock + delta;
            var outcome = await MoveAsync(delta, sold: 0, changes => IdempotencyRows.Under(
                idempotency, "stock", Id, clock.GetUtcNow(), stock.ToString(CultureInfo.InvariantCulture), changes: changes));
            return outcome == CommitOutcome.Applied ? stock : await AnswerBeforeAsync(idempotency) ?? throw Stale();
        }
        finally
        {
            Release(taken, brought);
        }
    }

    // Of two that come under one key, on two products or by way of two activations, the second finds the first's row.
    private async Task<Result<long>?> AnswerBeforeAsync(Idempotency? idempotency) =>
        await ledger.FindUnderAsync(idempotency) is { } found
            ? found.IsRefused ? found.Refusal : long.Parse(found.Value.Answer, CultureInfo.InvariantCulture)
            : null;

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
        _stock = product.Stock;
        _isLow = _stock < LowStock;
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

    private ProductView View => (_product ?? throw new UnreachableException()).View with { Stock = _stock };

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
        Result.Refused(ErrorCodes.NotEnoughStock, $"Product {Id} has {_stock - _reserved} left, {wanted} wanted.");
}
