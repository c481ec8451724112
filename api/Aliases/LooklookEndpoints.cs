using System.Text.Json.Nodes;
using Mall.Api.Reviews;
using Mall.Reviews;

namespace Mall.Api.Aliases;

/// <summary>The paths of go-zero-looklook: users, homestays (products), businesses (shops), comments (reviews).</summary>
internal static partial class LooklookEndpoints
{
    private const int Best = 5;

    public static void MapLooklook(this IEndpointRouteBuilder routes)
    {
        void Map(string path, Func<AliasCall, Task<JsonNode>> serve, bool isOpen = false) =>
            routes.MapAlias(AliasDialect.Looklook, path, serve, isOpen);

        Map("/usercenter/v1/user/register", Register, isOpen: true);
        Map("/usercenter/v1/user/login", Login, isOpen: true);
        Map("/usercenter/v1/user/detail", UserDetail);
        Map("/travel/v1/homestay/homestayList", HomestayList, isOpen: true);
        Map("/travel/v1/homestay/businessList", BusinessList, isOpen: true);
        Map("/travel/v1/homestay/guessList", GuessList, isOpen: true);
        Map("/travel/v1/homestay/homestayDetail", HomestayDetail, isOpen: true);
        Map("/travel/v1/homestayBussiness/goodBoss", GoodBoss, isOpen: true);
        Map("/travel/v1/homestayBussiness/homestayBussinessList", ShopList, isOpen: true);
        Map("/travel/v1/homestayBussiness/homestayBussinessDetail", ShopDetail, isOpen: true);
        Map("/travel/v1/homestayComment/commentList", CommentList, isOpen: true);
        MapOrders(Map);
        routes.MapAlias(
            AliasDialect.LooklookBare, "/payment/v1/thirdPayment/thirdPaymentWxPayCallback", Callback, isOpen: true);

        routes.MapMethods("/identity/v1/verify/token", [HttpMethods.Get, HttpMethods.Post], VerifyEndpoint.Verify)
            .RequireAuthorization(Policies.User).AllowAnonymous().ExcludeFromDescription()
            .WithMetadata(new AliasEndpoint(AliasDialect.LooklookBare, IsOpen: false));
    }

    private static async Task<JsonNode> Register(AliasCall call)
    {
        var input = new RegisterInput(call.Input.Text("mobile"), call.Input.Text("password"));
        (await call.Get<AccountDesk>().Register(input, null, call.Patience, GoZeroEndpoints.MinPassword)).OrRefuse();
        return await Login(call);
    }

    private static async Task<JsonNode> Login(AliasCall call)
    {
        var session = SessionAnswer.Of((await GoZeroEndpoints.SignIn(call)).OrRefuse());
        return new JsonObject
        {
            ["accessToken"] = session.AccessToken, ["accessExpire"] = session.AccessExpire,
            ["refreshAfter"] = session.RefreshAfter,
        };
    }

    private static async Task<JsonNode> UserDetail(AliasCall call)
    {
        var user = (await call.Get<AccountDesk>().Me(call.Caller, call.Patience)).OrRefuse();
        return new JsonObject
        {
            ["userInfo"] = new JsonObject
            {
                ["id"] = user.Id, ["mobile"] = user.Mobile, ["nickname"] = user.Name,
                ["sex"] = user.Gender switch { "male" => 1, "female" => 2, _ => 0 }, ["avatar"] = "", ["info"] = "",
            },
        };
    }

    /// <summary>Pages by number, of what is recommended.</summary>
    private static async Task<JsonNode> HomestayList(AliasCall call)
    {
        var (page, size) = (Math.Max(1, call.Input.Number("page") ?? 1), PageSize(call.Input));
        var products = await Products(call, "recommended", null, upTo: page * size);
        return List(products.Skip((int)Math.Min(int.MaxValue, (page - 1) * size)).Take(size), Homestay);
    }

    private static async Task<JsonNode> GuessList(AliasCall call) =>
        List((await Products(call, "recommended", null, upTo: Best)).Take(Best), Homestay);

    private static async Task<JsonNode> BusinessList(AliasCall call)
    {
        const string business = "homestayBusinessId";
        long? shop = call.Input.NotZero(business) is null ? null : call.Input.Id(business);
        var products = await Products(call, Sorting.Own, shop, upTo: long.MaxValue);
        return List(Behind(call.Input, products, product => product.Id), Homestay);
    }

    private static async Task<JsonNode> HomestayDetail(AliasCall call)
    {
        var product = (await call.Get<ProductDesk>().Get(call.Input.Id("id"), call.Patience)).OrRefuse();
        var homestay = Homestay(product);
        homestay["userId"] = (await call.Get<ShopDesk>().Get(product.ShopId, call.Patience)).OrRefuse().OwnerId;
        return new JsonObject { ["homestay"] = homestay };
    }

    private static async Task<JsonNode> GoodBoss(AliasCall call)
    {
        var shops = (await call.Get<ShopDesk>().List(null, Best, "sales", call.Patience)).Items;
        var bosses = new JsonArray();
        foreach (var shop in shops)
            bosses.Add((JsonNode)await Boss(call, shop, bosses.Count + 1));
        return new JsonObject { ["list"] = bosses };
    }

    private static async Task<JsonNode> ShopList(AliasCall call)
    {
        var desk = call.Get<ShopDesk>();
        var shops = await AliasRoutes.All(after => desk.List(after, Paging.MaxLimit, Sorting.Own, call.Patience));
        return List(Behind(call.Input, shops, shop => shop.Id), shop => new JsonObject
        {
            ["id"] = shop.Id, ["title"] = shop.Name, ["info"] = "", ["tags"] = "", ["cover"] = "", ["headerImg"] = "",
            ["userId"] = shop.OwnerId, ["rowState"] = 1, ["star"] = shop.Rating / 100.0, ["sellMonth"] = shop.Sales,
        });
    }

    private static async Task<JsonNode> ShopDetail(AliasCall call)
    {
        var shop = (await call.Get<ShopDesk>().Get(call.Input.Id("id"), call.Patience)).OrRefuse();
        return new JsonObject { ["boss"] = await Boss(call, shop, rank: 0) };
    }

    /// <summary>Nobody is shown what their owner signs in with.</summary>
    private static async Task<JsonObject> Boss(AliasCall call, ShopView shop, int rank)
    {
        var owner = await call.Patience.Insist(() => call.Get<IGrainFactory>().GetGrain<IUserGrain>(shop.OwnerId).Get());
        return new JsonObject
        {
            ["id"] = shop.Id, ["userId"] = shop.OwnerId, ["nickname"] = owner.Value?.Name ?? "", ["avatar"] = "",
            ["info"] = shop.Name, ["rank"] = rank,
        };
    }

    /// <summary>Of one homestay when it is named, else of all.</summary>
    private static async Task<JsonNode> CommentList(AliasCall call)
    {
        var (product, last) = (call.Input.NotZero("homestayId"), call.Input.NotZero("lastId"));
        var comments = await call.Patience.Insist(() => call.Get<IGrainFactory>().GetGrain<IReviewDirectoryGrain>(0)
            .Latest(product, last, PageSize(call.Input)));
        return List(comments, one => new JsonObject
        {
            ["id"] = one.Review.Id, ["homestayId"] = one.Review.ProductId, ["content"] = one.Review.Text,
            ["star"] = one.Review.Stars, ["userId"] = one.Review.UserId, ["nickname"] = one.UserName, ["avatar"] = "",
        });
    }

    /// <summary>What this mall knows, over whatever else its seller has said of it.</summary>
    private static JsonObject Homestay(ProductView product)
    {
        var homestay = new JsonObject
        {
            ["subTitle"] = "", ["banner"] = "", ["peopleNum"] = 0, ["foodInfo"] = "", ["foodPrice"] = 0,
            ["marketHomestayPrice"] = product.Price,
        };
        foreach (var (name, value) in JsonNode.Parse(product.Attributes)!.AsObject())
            homestay[name] = value?.DeepClone();
        homestay["id"] = product.Id;
        homestay["title"] = product.Name;
        homestay["info"] = product.Desc;
        homestay["homestayBusinessId"] = product.ShopId;
        homestay["rowState"] = product.Status;
        homestay["homestayPrice"] = product.Price;
        return homestay;
    }

    private static Task<List<ProductView>> Products(AliasCall call, string sort, long? shop, long upTo)
    {
        var (desk, limit) = (call.Get<ProductDesk>(), (int)Math.Clamp(upTo, 1, Paging.MaxLimit));
        return AliasRoutes.All(after => desk.List(after, limit, shop, null, sort, call.Patience), upTo);
    }

    /// <summary>The newest of those whose ids are below the last that the client has seen.</summary>
    private static IEnumerable<T> Behind<T>(AliasInput input, IEnumerable<T> all, Func<T, long> id)
    {
        var last = input.NotZero("lastId") ?? long.MaxValue;
        return all.Where(one => id(one) < last).OrderByDescending(id).Take(PageSize(input));
    }

    private static int PageSize(AliasInput input) =>
        input.NotZero("pageSize") is null ? Paging.DefaultLimit : input.From("pageSize", 1, Paging.MaxLimit);

    private static JsonObject List<T>(IEnumerable<T> items, Func<T, JsonNode> shape) => new() { ["list"] = items.ToList(shape) };
}
