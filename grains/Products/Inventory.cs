namespace Mall.Products;

/// <summary>
/// A product's stock in the memory of its activation. Invariant: <see cref="OnHand"/> is what is committed, and
/// <see cref="Available"/> what of it no decrement under way will take; a decrement is admitted only when that covers it, so the
/// committed stock never goes below zero. Increments count only once they are committed; until then they are arriving.
/// </summary>
internal sealed class Inventory
{
    /// <summary>Stock that falls below this is an event, once until it has been up there again.</summary>
    private const long Low = 10;

    private long _reserved;
    private long _arriving;
    private bool _isLowTold; // Or is being told: with a commit under way.
    private TaskCompletionSource? _moved; // at the next release; null while nobody waits for it

    public long OnHand { get; private set; }

    public long Available => OnHand - _reserved;

    /// <summary>All that ever came into stock: orders and their ends do not change it.</summary>
    public long OnHandAndSold { get; private set; }

    /// <summary>Takes what is in the row; what is under way stays so.</summary>
    public void Load(long stock, long sold) => (OnHand, OnHandAndSold, _isLowTold) = (stock, stock + sold, stock < Low);

    /// <summary>Reserves what will go, and expects what will come, until whoever gets this disposes of it.</summary>
    public Reservation Reserve(long going, long coming = 0)
    {
        (_reserved, _arriving) = (_reserved + going, _arriving + coming);
        return new Reservation(this, going, coming);
    }

    /// <summary>It is committed.</summary>
    public void Move(long difference, long sold)
    {
        (OnHand, OnHandAndSold) = (OnHand + difference, OnHandAndSold + difference + sold);
        if (difference > 0 && OnHand >= Low) _isLowTold = false;
    }

    /// <summary>Whether a move that is reserved already is the one to tell that stock is low; if nothing comes of it:
    /// <see cref="TellAgain"/>. Others may be admitted meanwhile, and rely on it.</summary>
    public bool IsToTell(long difference)
    {
        if (difference >= 0 || Available >= Low || _isLowTold) return false;
        return _isLowTold = true;
    }

    /// <summary>The next that is admitted tells.</summary>
    public void TellAgain() => _isLowTold = false;

    /// <summary>
    /// Waits while stock is on its way, out or in, that makes the difference: a refusal does not rest on what may never be
    /// committed, nor on what is in the row already and not yet acknowledged.
    /// </summary>
    public async Task SettledAsync(long quantity)
    {
        while (OnHand + _arriving >= quantity && Available < quantity)
            await (_moved ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    private void Release(long reserved, long arriving)
    {
        (_reserved, _arriving) = (_reserved - reserved, _arriving - arriving);
        (var before, _moved) = (_moved, null);
        before?.SetResult();
    }

    /// <summary>Settles what it stands for, and nothing else, when it is disposed of.</summary>
    public readonly struct Reservation(Inventory inventory, long going, long coming) : IDisposable
    {
        public void Dispose() => inventory.Release(going, coming);
    }
}
