using System.Text.Json.Nodes;

namespace Mall.Api.Aliases;

/// <summary>The paths of the go-zero mall: users and products.</summary>
internal static partial class GoZeroEndpoints
{
    /// <summary>The shortest password that older malls' clients register with.</summary>
    public const int MinPassword = 6;

    private static readonly string[] s_genders = ["", "male", "female"]; // By their numbers there.

    public static void MapGoZero(this IEndpointRouteBuilder routes)
    {
        void Map(string path, Func<AliasCall, Task<JsonNode>> serve, bool isOpen = false) =>
            routes.MapAlias(AliasDialect.GoZero, path, serve, isOpen);

        Map("/api/user/register", Register, isOpen: true);
        Map("/api/user/login", Login, isOpen: true);
        Map("/api/user/userinfo", UserInfo);
        Map("/api/product/create", CreateProduct);
        Map("/api/product/update", UpdateProduct);
        Map("/api/product/remove", RemoveProduct);
        Map("/api/product/detail", ProductDetail);
        Map("/api/order/create", CreateOrder);
        Map("/api/order/update", UpdateOrder);
        Map("/api/order/remove", RemoveOrder);
        Map("/api/order/detail", OrderDetail);
        Map("/api/order/list", ListOrders);
        MapPayments(Map);
    }

    /// <summary>The caller's shop, opened on the way by whoever has none: older malls let anybody sell.</summary>
    public static async Task<ProductView> Sell(AliasCall call, CreateProductInput input)
    {
        var products = call.Get<ProductDesk>();
        var product = await products.Create(call.Caller, input, null, call.Patience);
        if (product.Refusal is not { Code: ErrorCodes.Forbidden } || input.ShopId is not null)
            return product.OrRefuse();
        var user = (await call.Get<AccountDesk>().Me(call.Caller, call.Patience)).OrRefuse();
        var name = user.Name.Length > 0 ? user.Name : $"Shop {user.Id}";

        // One shop, however many come at once: under a key that no client can give.
        (await call.Get<ShopDesk>().Open(call.Caller, new OpenShopInput(name), "shop on the way", call.Patience)).OrRefuse();
        return (await products.Create(call.Caller, input, null, call.Patience)).OrRefuse();
    }

    /// <summary>Failures count as those at <c>/v1/sessions</c> do.</summary>
    public static Task<Result<Session>> SignIn(AliasCall call) => call.Get<AccountDesk>().Login(
        new LoginInput(call.Input.Text("mobile"), call.Input.Text("password")), call.Http.Connection.RemoteIpAddress,
        call.Patience);

    private static async Task<JsonNode> Register(AliasCall call)
    {
        var input = new RegisterInput(
            call.Input.Text("mobile"), call.Input.Text("password"), call.Input.Text("name"),
            s_genders[call.Input.From("gender", 0, s_genders.Length - 1)]);
        return Shape((await call.Get<AccountDesk>().Register(input, null, call.Patience, MinPassword)).OrRefuse());
    }

    private static async Task<JsonNode> Login(AliasCall call)
    {
        var session = SessionAnswer.Of((await SignIn(call)).OrRefuse());
        return new JsonObject { ["accessToken"] = session.AccessToken, ["accessExpire"] = session.AccessExpire };
    }

    private static async Task<JsonNode> UserInfo(AliasCall call) =>
        Shape((await call.Get<AccountDesk>().Me(call.Caller, call.Patience)).OrRefuse());

    private static JsonObject Shape(UserView user) => new()
    {
        ["id"] = user.Id, ["name"] = user.Name, ["gender"] = Array.IndexOf(s_genders, user.Gender), ["mobile"] = user.Mobile,
    };

    private static async Task<JsonNode> CreateProduct(AliasCall call)
    {
        var input = new CreateProductInput(
            call.Input.Text("name"), call.Input.Number("stock"),
            Price(call.Input) ?? throw AliasInput.Bad("amount", "is missing"), call.Input.Text("desc"),
            Attributes: Carrying(call.Input, null));
        return new JsonObject { ["id"] = (await Sell(call, input)).Id };
    }

    /// <summary>What is not given stays; an empty text and an amount of 0 count as that. The stock may be set to 0.</summary>
    private static async Task<JsonNode> UpdateProduct(AliasCall call)
    {
        var (desk, id) = (call.Get<ProductDesk>(), call.Input.Id("id"));
        var before = (await desk.Get(id, call.Patience)).OrRefuse();
        var input = new ChangeProductInput(
            call.Input.Text("name") is { Length: > 0 } name ? name : null,
            call.Input.Text("desc") is { Length: > 0 } desc ? desc : null,
            Price(call.Input),
            Attributes: call.Input.Has("status") ? Carrying(call.Input, before) : null);
        var stock = call.Input.Number("stock");
        ProductDesk.Check(call.Caller, input); // Before anything is changed: it is all or nothing.
        if (stock is not null) (await desk.SetStock(call.Caller, id, stock.Value, call.Patience)).OrRefuse();
        (await desk.Change(call.Caller, id, input, call.Patience)).OrRefuse();
        return new JsonObject();
    }

    private static async Task<JsonNode> RemoveProduct(AliasCall call)
    {
        (await call.Get<ProductDesk>().Remove(call.Caller, call.Input.Id("id"), call.Patience)).OrRefuse();
        return new JsonObject();
    }

    private static async Task<JsonNode> ProductDetail(AliasCall call)
    {
        var product = (await call.Get<ProductDesk>().Get(call.Input.Id("id"), call.Patience)).OrRefuse();
        return new JsonObject
        {
            ["id"] = product.Id, ["name"] = product.Name, ["desc"] = product.Desc, ["stock"] = product.Stock,
            ["amount"] = product.Price,
            ["status"] = JsonNode.Parse(product.Attributes)!["status"]?.DeepClone() ?? product.Status,
        };
    }

    /// <summary>A price is an amount there, and 0 is none.</summary>
    private static long? Price(AliasInput input)
    {
        var checks = new FieldChecks();
        var price = checks.OptionalNumber("amount", input.NotZero("amount"), 0, ExactNumbers.Max);
        checks.ThrowIfAny();
        return price;
    }

    /// <summary>Its status means nothing here; it is kept among its attributes, for those who look for it.</summary>
    private static Dictionary<string, JsonElement> Carrying(AliasInput input, ProductView? product)
    {
        var attributes = JsonElement.Parse(product?.Attributes ?? ProductView.NoAttributes)
            .EnumerateObject().ToDictionary(one => one.Name, one => one.Value);
        attributes["status"] = JsonElement.Parse($"{input.Number("status") ?? 0}");
        return attributes;
    }
}
