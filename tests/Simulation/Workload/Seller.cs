namespace Mall.Simulation;

/// <summary>Opens a shop, creates products, and moves their stock up and down, sometimes with two hands at once.</summary>
internal sealed class Seller(Market market, int number) : Client(market, $"seller-{number}")
{
    private readonly List<long> _products = [];
    private readonly List<(string Key, long Product, long Delta)> _adjustments = [];

    public override async Task LiveAsync()
    {
        if (!await RegisterAsync($"1380000{number:0000}")) return;
        var shop = await NeedAsync(Asked.Other($"shop of {Name}"),
            door => door.Shops.Open(Caller, new OpenShopInput(Name), $"{Name}-shop", door.NewPatience()));
        if (shop is null) return;
        for (var i = 1; i <= Market.Options.ProductsASeller; i++) await CreateAsync(shop.Id, $"{Name}-product-{i}");
        while (Market.IsOpen && _products.Count > 0)
        {
            await PauseAsync(Market.Options.ShopperPause);
            if (Market.IsOpen) await TendAsync();
        }
    }

    private async Task CreateAsync(long shopId, string name)
    {
        var (price, stock) = (100 + Random.Next(900), Random.Next(Market.Options.Stock));
        var input = new CreateProductInput(name, stock, price, "", shopId);
        if (await NeedAsync(Asked.Product($"{Caller.UserId} {name}", name, price, stock),
            door => door.Products.Create(Caller, input, name, door.NewPatience())) is not { Id: var id }) return;
        _products.Add(id);
        Market.Products.Add(id);
    }

    private async Task TendAsync()
    {
        var product = Any(_products);
        if (_adjustments.Count > 0 && Chance(Market.Options.RepeatsOld))
        {
            var (key, of, delta) = Any(_adjustments);
            await AdjustAsync(key, of, delta);
        }
        else if (Chance(0.1))
        {
            await ChangeAsync(product, price: 100 + Random.Next(900), status: Random.Next(2));
            await ChangeAsync(product, price: null, status: 1);
        }
        else
        {
            var (key, delta) = ($"{Name}-{_adjustments.Count}", Random.Next(-3, 12));
            _adjustments.Add((key, product, delta));
            var other = Chance(Market.Options.Twice) ? AdjustAsync(key, product, Chance(0.2) ? delta + 1 : delta) : null;
            await AdjustAsync(Chance(0.1) ? null : key, product, delta);
            if (other is not null) await other;
        }
    }

    private Task<Answer?> ChangeAsync(long product, int? price, int status) => AskAsync(
        Asked.Other($"product {product} to status {status}"),
        door => door.Products.Change(Caller, product, new ChangeProductInput(Price: price, Status: status), door.NewPatience()));

    private Task<Answer?> AdjustAsync(string? key, long product, long delta) => InsistAsync(
        Asked.Adjustment(key is null ? null : $"{Caller.UserId} {key}", product, delta),
        door => door.Products.AdjustStock(Caller, product, new AdjustStockInput(delta), key, door.NewPatience()),
        tries: key is null ? 1 : 1 + Random.Next(8));
}
