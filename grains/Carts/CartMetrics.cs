using System.Diagnostics.Metrics;

namespace Mall.Carts;

/// <summary>What carts tell of themselves, in the mall's meter, once it is stored.</summary>
public sealed class CartMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _changes;
    private readonly Counter<long> _checkouts;

    public CartMetrics(IMeterFactory? factory = null)
    {
        const string name = "mall";
        _meter = factory?.Create(new MeterOptions(name)) ?? new Meter(name);
        _changes = _meter.CreateCounter<long>(
            "carts.changes", "{change}", "Products that customers put into their cart, take out of it, or clear it of.");
        _checkouts = _meter.CreateCounter<long>("carts.checkouts", "{checkout}", "Checkouts that ended, by outcome.");
    }

    public void Changed(bool isLess) => Note(_changes, "change", isLess ? "taken" : "put");

    public void Cleared() => Note(_changes, "change", "cleared");

    public void CheckedOut(bool stands) => Note(_checkouts, "outcome", stands ? "ordered" : "refused");

    public void Dispose() => _meter.Dispose();

    private static void Note(Counter<long> counter, string label, string value) =>
        counter.Add(1, new KeyValuePair<string, object?>(label, value));
}
