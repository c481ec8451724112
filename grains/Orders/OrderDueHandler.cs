using System.Globalization;

namespace Mall.Orders;

/// <summary>Closes orders that nobody has paid in time. Harmless to repeat: see <see cref="IOrderGrain.Close"/>.</summary>
public sealed class OrderDueHandler(IGrainFactory grains) : IDueHandler
{
    public string Kind => OrderRows.Due.Kind;

    public Task HandleAsync(DueItem item, CancellationToken cancellationToken) =>
        grains.GetGrain<IOrderGrain>(long.Parse(item.Key, CultureInfo.InvariantCulture)).Close();
}
