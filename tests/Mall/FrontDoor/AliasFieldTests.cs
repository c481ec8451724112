using System.Globalization;
using Mall.Tests.FrontDoor.Contract;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor;

/// <summary>What is wrong with a request at an older mall's path is said of the field as its client knows it.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class AliasFieldTests(EveryDatabase databases)
{
    private const string Create = "/api/product/create";
    private const string Detail = "/order/v1/homestayOrder/userHomestayOrderDetail";
    private const string Pay = "/payment/v1/thirdPayment/thirdPaymentWxPay";

    private static readonly string s_years =
        $$"""{"homestayId":1,"liveStartTime":0,"liveEndTime":{{2000L * 86_400}}}""";

    public static TheoryData<string, string, string> Wrong => new()
    {
        { Create, """{"name":"pot","stock":1,"amount":-5}""", "amount must be from 0 to 9007199254740991" },
        { Create, """{"name":"pot","stock":1,"amount":0}""", "amount is missing" },
        { Create, """{"name":"pot","stock":1}""", "amount is missing" },
        { "/api/product/update", """{"id":$product,"amount":-5}""", "amount must be from 0 to 9007199254740991" },
        { "/api/order/create", """{"pid":-1}""", "pid must be a positive number" },
        { "/api/pay/create", """{"oid":-1}""", "oid must be a positive number" },
        { Detail, """{"sn":""}""", "sn must be 1 to 128 characters long" },
        { Detail, "{}", "sn is missing" },
        { Pay, """{"orderSn":""}""", "orderSn must be 1 to 128 characters long" },
        { "/order/v1/homestayOrder/createHomestayOrder", s_years, "liveEndTime must be at most 1000 days after liveStartTime" },
        { "/travel/v1/homestay/businessList", """{"homestayBusinessId":-1}""", "homestayBusinessId must be a positive number" },
    };

    [Theory, MemberData(nameof(Wrong))]
    public async Task WrongField_IsNamedAsTheClientNamesIt(string path, string body, string complaint)
    {
        var mall = await databases.OnAsync("SQLite");
        var seller = await mall.SellerAsync();
        var product = await mall.Whole.SellAsync(seller, stock: 1);
        var filled = body.Replace("$product", product.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        var answer = await mall.SendAsync($"POST {path}", filled, seller);
        Assert.Equal(ErrorCodes.BadParameter, answer.Code);
        var isLooklook = answer.Json.TryGetProperty("msg", out var said);
        Assert.StartsWith(
            complaint, (isLooklook ? said : answer.Json.GetProperty("detail")).GetString(), StringComparison.Ordinal);
        if (!isLooklook) Assert.Equal(complaint.Split(' ')[0], Assert.Single(Fields(answer)));
    }

    private static IEnumerable<string> Fields(Answer answer) =>
        answer.Json.GetProperty("errors").EnumerateObject().Select(field => field.Name);
}
