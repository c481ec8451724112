using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mall.Api.Aliases;
using Mall.Payments;
using Mall.Signing;
using Mall.Tests.FrontDoor.Contract;
using Mall.Tests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.FrontDoor;

/// <summary>
/// What clients of the go-zero mall and of go-zero-looklook send, field by field as their collections have it, and what they get.
/// A step is a path, a body and what is expected of the answer; <c>$name</c> stands for what an earlier answer was kept as.
/// </summary>
[Collection(nameof(EveryDatabase))]
public sealed partial class AliasTests(EveryDatabase databases)
{
    private const int Day = 86_400;

    private readonly Dictionary<string, string> _kept = [];
    private string? _token;
    private ContractMall _mall = null!;

    public static TheoryData<string> Databases => EveryDatabase.Names;

    [Theory, MemberData(nameof(Databases))]
    public async Task GoZero_TheCollectionOfItsMallPasses(string database)
    {
        _mall = await databases.OnAsync(database);
        await UsersAndProductsAsync();
        await OrdersAsync();
        await PaymentsAsync();
        await WhatIsRemovedAsync();
        await WhatContradictsAsync();
    }

    private async Task UsersAndProductsAsync()
    {
        await StepAsync("/api/user/register", """{"name":"kevin","gender":1,"mobile":"15212230411","password":"123456"}""",
            """{"id":$id,"name":"kevin","gender":1,"mobile":"15212230411"}""");
        await StepAsync("/api/user/login", """{"mobile":"15212230411","password":"123456"}""",
            """{"accessToken":$token,"accessExpire":$expire}""");
        await StepAsync("/api/user/userinfo", null, """{"id":$id,"name":"kevin","gender":1,"mobile":"15212230411"}""");
        await StepAsync("/api/product/create",
            """{"name":"pot","desc":"a teapot","stock":10,"amount":100,"status":0,"other":[1]}""", """{"id":$pid}""");
        await StepAsync("/api/product/create", """{"name":"cup","desc":"","stock":1,"amount":5,"status":1}""", """{"id":$cup}""");
        await RefusedAsync( // 0 is no price.
            "/api/product/create", """{"name":"saucer","desc":"","stock":1,"amount":0,"status":0}""", 400,
            ErrorCodes.BadParameter);
        await StepAsync("/api/product/update", """{"id":$pid,"name":"Pot","desc":"","stock":0,"amount":0,"status":2}""", "{}");
        await StepAsync("/api/product/detail", """{"id":$pid}""",
            """{"id":$pid,"name":"Pot","desc":"a teapot","stock":0,"amount":100,"status":2}""");
        await RefusedAsync(
            "/api/order/create", """{"uid":$id,"pid":$pid,"amount":100,"status":0}""", 409, ErrorCodes.NotEnoughStock);
        await StepAsync("/api/product/update", """{"id":$pid,"stock":3}""", "{}");
        await RefusedAsync( // Whole, also what would have been right.
            "/api/product/update", """{"id":$pid,"name":"Half","amount":7,"stock":-1}""", 400, ErrorCodes.BadParameter);
        await StepAsync("/api/product/detail", """{"id":$pid}""",
            """{"id":$pid,"name":"Pot","desc":"a teapot","stock":3,"amount":100,"status":2}""");
    }

    private async Task OrdersAsync()
    {
        await StepAsync("/api/order/create", """{"uid":$id,"pid":$pid,"amount":100,"status":0}""", """{"id":$oid}""");
        await StepAsync("/api/order/create", """{"uid":$id,"pid":$pid,"amount":0,"status":0}""", """{"id":$oid2}""");
        await StepAsync("/api/order/detail", """{"id":$oid}""", """{"id":$oid,"uid":$id,"pid":$pid,"amount":100,"status":0}""");
        await StepAsync("/api/order/update", """{"id":$oid,"uid":$id,"pid":$pid,"amount":100,"status":0}""", "{}");
        await RefusedAsync("/api/order/update", """{"id":$oid,"status":1}""", 409, ErrorCodes.OrderStatusForbids);
        await RefusedAsync("/api/order/update", """{"id":$oid,"status":3}""", 409, ErrorCodes.OrderStatusForbids);
        await RefusedAsync("/api/order/update", """{"id":$oid,"pid":$cup,"status":2}""", 400, ErrorCodes.BadParameter);
        await StepAsync("/api/order/update", """{"id":$oid2,"status":2}""", "{}");
        await StepAsync("/api/order/detail", """{"id":$oid2}""", """{"id":$oid2,"uid":$id,"pid":$pid,"amount":100,"status":2}""");
    }

    private async Task PaymentsAsync()
    {
        await RefusedAsync("/api/pay/create", """{"uid":$id,"oid":$oid,"amount":1}""", 400, ErrorCodes.BadParameter);
        await StepAsync("/api/pay/create", """{"uid":$id,"oid":$oid,"amount":100}""", """{"id":$pay}""");
        await StepAsync("/api/pay/detail", """{"id":$pay}""",
            """{"id":$pay,"uid":$id,"oid":$oid,"amount":100,"source":0,"status":0}""");
        const string paid = """{"id":$pay,"uid":$id,"oid":$oid,"amount":100,"source":1,"status":1}""";
        await RefusedAsync("/api/pay/callback", paid, 401, ErrorCodes.BadSignature);
        await RefusedAsync(
            "/api/pay/callback", paid.Replace(":100", ":99", StringComparison.Ordinal), 409, ErrorCodes.AmountDiffers,
            isSigned: true);
        const string failed = """{"id":$pay,"uid":$id,"oid":$oid,"amount":100,"source":2,"status":2}""";
        foreach (var report in (string[])[failed, failed, paid, paid])
        {
            await StepAsync("/api/pay/callback", report, "{}", isSigned: true);
            await StepAsync("/api/pay/detail", """{"id":$pay}""", report);
        }

        await RefusedAsync("/api/order/update", """{"id":$oid,"status":2}""", 409, ErrorCodes.OrderStatusForbids);
        await StepAsync("/api/order/update", """{"id":$oid,"status":3}""", "{}");
    }

    private async Task WhatIsRemovedAsync()
    {
        await StepAsync("/api/order/list", """{"uid":$id}""",
            """
            [{"id":$void,"uid":$id,"pid":$pid,"amount":100,"status":9},
             {"id":$oid,"uid":$id,"pid":$pid,"amount":100,"status":3},{"id":$oid2,"uid":$id,"pid":$pid,"amount":100,"status":2}]
            """);
        await StepAsync("/api/order/create", """{"uid":$id,"pid":$cup,"amount":5,"status":0}""", """{"id":$gone}""");
        await StepAsync("/api/order/remove", """{"id":$gone}""", "{}");
        await StepAsync("/api/order/remove", """{"id":$void}""", "{}");
        await StepAsync("/api/order/detail", """{"id":$gone}""", """{"id":$gone,"uid":$id,"pid":$cup,"amount":5,"status":2}""");
        await StepAsync("/api/order/list", """{"uid":$id}""",
            """
            [{"id":$oid,"uid":$id,"pid":$pid,"amount":100,"status":3},{"id":$oid2,"uid":$id,"pid":$pid,"amount":100,"status":2}]
            """);
    }

    private async Task WhatContradictsAsync()
    {
        await StepAsync("/api/product/remove", """{"id":$cup}""", "{}");
        await RefusedAsync(
            "/api/order/create", """{"uid":$id,"pid":$cup,"amount":5,"status":0}""", 409, ErrorCodes.ProductOffSale);
        await RefusedAsync("/api/order/create", """{"uid":999,"pid":$pid,"amount":100,"status":0}""", 403, ErrorCodes.Forbidden);
        await RefusedAsync("/api/order/create", """{"uid":$id,"pid":$pid,"amount":1,"status":0}""", 400, ErrorCodes.BadParameter);
        await RefusedAsync("/api/order/list", """{"uid":999}""", 403, ErrorCodes.Forbidden);
        await RefusedAsync("/api/user/register", """{"name":"k","gender":3,"mobile":"15212230412","password":"123456"}""",
            400, ErrorCodes.BadParameter);
        await RefusedAsync("/api/user/register", """{"name":"k","gender":1,"mobile":"15212230412","password":"12345"}""",
            400, ErrorCodes.BadParameter);
        _token = null;
        await RefusedAsync("/api/user/userinfo", "{}", 401, ErrorCodes.Unauthenticated);
        await RefusedAsync(
            "/api/user/login", """{"mobile":"15212230411","password":"wrong!"}""", 401, ErrorCodes.WrongCredentials);
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task Looklook_TheCollectionOfItsMallPasses(string database)
    {
        _mall = await databases.OnAsync(database);
        await UsersAsync();
        await HomestaysAsync();
        await StaysAsync();
        await ListsAsync();
    }

    private async Task UsersAsync()
    {
        _token = await _mall.UserAsync();
        await StepAsync("/v1/shops", """{"name":"Sea view"}""", """{"id":$shop,"name":"Sea view","rating":0,"sales":0}""");
        await StepAsync("/v1/products",
            """
            {"name":"House","desc":"by the sea","stock":9,"price":1000,"shopId":$shop,
             "attributes":{"subTitle":"quiet","peopleNum":4,"marketHomestayPrice":1200}}
            """, null, "id", "house");
        _token = null;
        await StepAsync("/usercenter/v1/user/register", """{"mobile":"18888888888","password":"123456"}""",
            Data("""{"accessToken":$first,"accessExpire":$expire,"refreshAfter":$refresh}"""));
        await StepAsync("/usercenter/v1/user/login", """{"mobile":"18888888888","password":"123456"}""",
            Data("""{"accessToken":$token,"accessExpire":$expire2,"refreshAfter":$refresh2}"""));
        await StepAsync("/usercenter/v1/user/detail", "{}", Data(
            """{"userInfo":{"id":$id,"mobile":"18888888888","nickname":"","sex":0,"avatar":"","info":""}}"""));
    }

    private async Task HomestaysAsync()
    {
        const string house = """
            "title":"House","info":"by the sea","subTitle":"quiet","homestayBusinessId":$shop,"rowState":1,"homestayPrice":1000,
            "marketHomestayPrice":1200,"peopleNum":4,"banner":"","foodInfo":"","foodPrice":0
            """;
        await StepAsync("/travel/v1/homestay/homestayDetail", """{"id":$house}""",
            Data($$"""{"homestay":{"id":$house,{{house}},"userId":$owner} }"""));
        await StepAsync("/travel/v1/homestay/businessList", """{"lastId":0,"pageSize":10,"homestayBusinessId":$shop}""",
            Data($$"""{"list":[{"id":$house,{{house}} }]}"""));
        await StepAsync("/travel/v1/homestay/businessList", """{"lastId":$house,"pageSize":10,"homestayBusinessId":$shop}""",
            Data("""{"list":[]}"""));
        foreach (var (path, body) in ((string, string)[])
        [
            ("/travel/v1/homestay/homestayList", """{"page":1,"pageSize":10}"""), ("/travel/v1/homestay/guessList", "{}"),
            ("/travel/v1/homestayBussiness/goodBoss", "{}"),
            ("/travel/v1/homestayBussiness/homestayBussinessList", """{"lastId":0,"pageSize":10}"""),
        ])
            Assert.NotEmpty((await StepAsync(path, body, null)).Json.GetProperty("data").GetProperty("list").EnumerateArray());
        await StepAsync("/travel/v1/homestay/homestayList", """{"page":9,"pageSize":100}""", Data("""{"list":[]}"""));
        await StepAsync("/travel/v1/homestayBussiness/homestayBussinessDetail", """{"id":$shop}""",
            Data("""{"boss":{"id":$shop,"userId":$owner,"nickname":"","avatar":"","info":"Sea view","rank":0}}"""));
    }

    private async Task StaysAsync()
    {
        await StepAsync("/order/v1/homestayOrder/createHomestayOrder",
            $$"""
            {"homestayId":$house,"isFood":true,"liveStartTime":{{Day}},"liveEndTime":{{4 * Day}},
             "livePeopleNum":2,"remark":"late"}
            """, Data("""{"orderSn":$sn}"""));
        var order = $$"""
            "id":$oid,"sn":$sn,"userId":$id,"homestayId":$house,"title":"House","homestayPrice":1000,"homestayTotalPrice":3000,
            "orderTotalPrice":3000,"createTime":$created,"isFood":true,"liveStartTime":{{Day}},"liveEndTime":{{4 * Day}},
            "livePeopleNum":2,"remark":"late"
            """;
        await StepAsync("/order/v1/homestayOrder/userHomestayOrderDetail", """{"sn":$sn}""",
            Data($$"""{{{order}},"payTime":0,"tradeState":0,"tradeCode":""}"""));
        await RefusedAsync("/order/v1/homestayOrder/userHomestayOrderDetail", """{"sn":"x"}""", 400, ErrorCodes.NoSuchOrder);
        await StepAsync("/payment/v1/thirdPayment/thirdPaymentWxPay", """{"orderSn":$sn,"serviceType":"homestayOrder"}""",
            Data("""
                {"appid":"mall","nonceStr":$nonce,"paySign":$sign,"package":$package,"timestamp":$timestamp,
                 "signType":"HMAC-SHA256","payUrl":$url,"paymentId":$pay}
                """));
        const string callback = "/payment/v1/thirdPayment/thirdPaymentWxPayCallback";
        const string paid =
            """{"paymentId":$pay,"amount":3000,"result":"succeeded","providerRef":"r","paidAt":"2026-01-31T12:00:00Z"}""";
        await RefusedAsync(callback, paid, 401, ErrorCodes.BadSignature);
        await StepAsync(callback, paid, """{"return_code":"SUCCESS"}""", isSigned: true);
        var detail = await StepAsync("/order/v1/homestayOrder/userHomestayOrderDetail", """{"sn":$sn}""",
            Data($$"""{{{order}},"payTime":$payTime,"tradeState":1,"tradeCode":$code}"""));
        Assert.Equal(8, detail.Json.GetProperty("data").GetProperty("tradeCode").GetString()!.Length);
    }

    private async Task ListsAsync()
    {
        await StepAsync("/order/v1/homestayOrder/createHomestayOrder",
            """{"homestayId":$house,"isFood":false,"liveStartTime":100,"liveEndTime":200,"livePeopleNum":1,"remark":""}""",
            Data("""{"orderSn":$sn2}"""));
        foreach (var (state, count) in ((int, int)[])[(-99, 2), (0, 1), (1, 1), (-1, 0), (3, 0)])
        {
            var list = await StepAsync("/order/v1/homestayOrder/userHomestayOrderList",
                $$"""{"lastId":0,"pageSize":10,"tradeState":{{state}}}""", null);
            Assert.Equal(count, list.Json.GetProperty("data").GetProperty("list").GetArrayLength());
        }

        await StepAsync("/v1/products/$house/reviews", """{"stars":5,"text":"fine"}""", null);
        await StepAsync("/travel/v1/homestayComment/commentList", """{"lastId":0,"pageSize":10,"homestayId":$house}""",
            Data("""
                {"list":[{"id":$rid,"homestayId":$house,"content":"fine","star":5,"userId":$id,"nickname":"","avatar":""}]}
                """));
        await RefusedAsync("/order/v1/homestayOrder/createHomestayOrder",
            $$"""{"homestayId":$house,"liveStartTime":0,"liveEndTime":{{99 * Day}}}""", 400, ErrorCodes.NotEnoughStock);

        Assert.Equal(
            _kept["id"], (await StepAsync("/identity/v1/verify/token", null, "")).Headers.GetValueOrDefault("X-User"));
        await RefusedAsync("/usercenter/v1/user/login", """{"mobile":"18888888888","password":"wrong!"}""",
            400, ErrorCodes.WrongCredentials);
        _token = "not a token";
        await RefusedAsync("/travel/v1/homestay/guessList", "{}", 401, ErrorCodes.Unauthenticated);
        await RefusedAsync("/usercenter/v1/user/detail", "{}", 401, ErrorCodes.Unauthenticated);
    }

    [Theory]
    [InlineData("/travel/v1/homestay/homestayDetail", """{"id":-9223372036854775808}""")]
    [InlineData("/api/user/login", """{"mobile":"\ud800","password":"123456"}""")]
    [InlineData("/api/user/login", """{"\ud800":1}""")]
    [InlineData("/travel/v1/homestay/homestayDetail", """{"id":1,"with":[{"\udc00":1,"a":2}]}""")]
    public async Task Body_WithWhatNoTypeHolds_IsRefused(string path, string body)
    {
        _mall = await databases.OnAsync("SQLite");
        await RefusedAsync(path, body, 400, ErrorCodes.BadParameter);
    }

    [Fact]
    public async Task EveryPathThatIsNotOpen_RefusesNobody()
    {
        _mall = await databases.OnAsync("SQLite");
        var paths =
            from endpoint in _mall.Whole.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            where endpoint.Metadata.GetMetadata<AliasEndpoint>() is { IsOpen: false }
            select endpoint.RoutePattern.RawText;
        foreach (var path in paths) await RefusedAsync(path, "{}", 401, ErrorCodes.Unauthenticated);
        Assert.Equal(18, paths.Count());
    }

    private static string Data(string data) => $$"""{"code":200,"msg":"OK","data":{{data}}}""";

    /// <param name="expected">Of the whole answer; null for any. A name that is new is kept as whatever stands there.</param>
    private async Task<Answer> StepAsync(
        string path, string? body, string? expected, string? keep = null, string? keepAs = null, bool isSigned = false)
    {
        var answer = await SendAsync(path, body, isSigned);
        Assert.True((int)answer.Status is 200 or 201, $"{path} {body}: {answer.Status} {answer.Body}");
        if (keep is not null) _kept[keepAs!] = answer.Json.GetProperty(keep).GetRawText();
        if (expected is null or "") return answer;
        Match(JsonNode.Parse(Names().Replace(expected, name => $"\"{name.Value}\"")), JsonNode.Parse(answer.Body), path);
        if (_kept.TryGetValue("token", out var token)) _token = JsonSerializer.Deserialize<string>(token);
        return answer;
    }

    private async Task RefusedAsync(string path, string body, int status, int code, bool isSigned = false)
    {
        var answer = await SendAsync(path, body, isSigned);
        Assert.True(((int)answer.Status, answer.Code) == (status, code), $"{path} {body}: {answer.Status} {answer.Body}");
    }

    private async Task<Answer> SendAsync(string path, string? body, bool isSigned)
    {
        body = body is null ? null : Fill(body);
        using var request = WholeMall.Request("POST", Fill(path), body);
        var isOlder = !path.StartsWith("/v1", StringComparison.Ordinal);
        if (_token is not null && !isSigned) // These malls send it bare.
            request.Headers.TryAddWithoutValidation("Authorization", isOlder ? _token : $"Bearer {_token}");
        if (isSigned)
        {
            var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow);
            request.Headers.Add(Signatures.TimestampHeader, timestamp);
            var key = await _mall.Whole.Services.GetRequiredService<IGrainFactory>().GetGrain<IPaymentKeyGrain>(0).Get();
            request.Headers.Add(
                Signatures.SignatureHeader, Signatures.Sign(key, timestamp, Encoding.UTF8.GetBytes(body!)));
        }

        using var response = await _mall.Whole.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }

    private string Fill(string text) => Names().Replace(text, name => _kept[name.Value[1..]]);

    private void Match(JsonNode? expected, JsonNode? actual, string at)
    {
        if (expected is JsonValue value && value.TryGetValue<string>(out var name) && name.StartsWith('$'))
        {
            Assert.True(actual is not null, at);
            if (!_kept.TryAdd(name[1..], actual.ToJsonString())) Assert.Equal(_kept[name[1..]], actual.ToJsonString());
        }
        else if (expected is JsonObject fields)
        {
            var others = Assert.IsType<JsonObject>(actual);
            Assert.Equal(fields.Select(one => one.Key).Order(), others.Select(one => one.Key).Order());
            foreach (var (field, inner) in fields) Match(inner, others[field], $"{at} {field}");
        }
        else if (expected is JsonArray items)
        {
            var others = Assert.IsType<JsonArray>(actual);
            Assert.True(items.Count == others.Count, $"{at}: {others.ToJsonString()}");
            for (var i = 0; i < items.Count; i++) Match(items[i], others[i], $"{at} {i}");
        }
        else
        {
            Assert.True(JsonNode.DeepEquals(expected, actual), $"{at}: {actual?.ToJsonString()}, not {expected?.ToJsonString()}");
        }
    }

    [GeneratedRegex(@"\$[a-z]+[a-zA-Z0-9]*")]
    private static partial Regex Names();
}
