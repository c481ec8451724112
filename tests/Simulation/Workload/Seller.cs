using Mall.Api.Auth;
using Mall.Api.Products;
using Mall.Api.Shops;
using Mall.Products;
using Mall.Shops;

namespace Mall.Simulation;

/// <summary>Opens a shop, creates products, and moves their stock up and down, sometimes with two hands at once.</summary>
internal sealed class Seller(Market market, int number) : Client(market, $"seller-{number}")
{
    private readonly List<long> _products = [];
    private readonly List<(string Key, long Product, long Delta)> _adjustments = [];
    private Caller _caller = null!; // set first of all
    private int _keys;

    public override async Task LiveAsync()
    {
        if (await Accounts.RegisterAsync($"1380000{number:0000}", InsistAsync) is not { } user) return;
        _caller = new Caller(user.Id, Roles.User);
        var shop = await InsistAsync<ShopView>(new OtherAsked($"shop of {Name}"),
            door => door.Shops.Open(_caller, new OpenShopInput(Name), $"{Name}-shop", door.NewPatience()), tries: 100);
        if (shop?.Value is not ShopView { Id: var shopId }) return;
        for (var i = 1; i <= Market.Options.ProductsASeller; i++) await CreateAsync(shopId, $"{Name}-product-{i}");
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
        var created = await InsistAsync<ProductView>(
            new ProductAsked($"{_caller.UserId} {name}", name, price, stock),
            door => door.Products.Create(_caller, input, name, door.NewPatience()), tries: 100);
        if (created?.Value is not ProductView product) return;
        _products.Add(product.Id);
        Market.Products.Add(product.Id);
    }

    private async Task TendAsync()
    {
        var product = _products[Random.Next(_products.Count)];
        if (_adjustments.Count > 0 && Chance(Market.Options.RepeatsOld))
        {
            var (key, of, delta) = _adjustments[Random.Next(_adjustments.Count)];
            await AdjustAsync(key, of, delta);
        }
        else if (Chance(0.1))
        {
            var status = Chance(0.5) ? 0 : 1;
            await AskAsync<ProductView>(new OtherAsked($"product {product} to status {status}"), door => door.Products.Change(
                _caller, product, new ChangeProductInput(Price: 100 + Random.Next(900), Status: status), door.NewPatience()));
            await AskAsync<ProductView>(new OtherAsked($"product {product} to status 1"), door => door.Products.Change(
                _caller, product, new ChangeProductInput(Status: 1), door.NewPatience()));
        }
        else
        {
            var (key, delta) = ($"{Name}-{++_keys}", Random.Next(-3, 12));
            _adjustments.Add((key, product, delta));
            var other = Chance(Market.Options.Twice) ? AdjustAsync(key, product, Chance(0.2) ? delta + 1 : delta) : null;
            await AdjustAsync(Chance(0.1) ? null : key, product, delta);
            if (other is not null) await other;
        }
    }

    private Task<Answer?> AdjustAsync(string? key, long product, long delta)
    {
        var asked = new AdjustmentAsked(key is null ? null : $"{_caller.UserId} {key}", product, delta);
        Task<Result<long>> Ask(FrontDoor door) =>
            door.Products.AdjustStock(_caller, product, new AdjustStockInput(delta), key, door.NewPatience());
        return key is null ? AskAsync(asked, Ask) : InsistAsync(asked, Ask, tries: 1 + Random.Next(8));
    }
}
