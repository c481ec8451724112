using System.Globalization;
using System.Text.Json;
using Mall.Schedules;
using Mall.Tests.FrontDoor;
using Mall.Tests.FrontDoor.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Events;

/// <summary>
/// Each shop hears of each day, once: also of a day whose run died or was missed, of one that is longer or shorter than others,
/// and again when a day's figures are others than it was told. The days are in a year when no other test's shop was there.
/// </summary>
[Collection(nameof(EveryDatabase))]
public sealed class ShopReportTests(EveryDatabase databases)
{
    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    public static TheoryData<string> Names => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Days_AreTold_OnceEach_AlsoWhenTheyWereMissed_AndAgainWhenTheyWereOtherwise(string database)
    {
        var mall = await databases.OnAsync(database);
        var seller = await mall.SellerAsync();
        var product = await mall.Whole.SellAsync(seller, stock: 100, price: 10);
        var shop = (await mall.SendAsync($"GET /v1/products/{product}")).Json.GetProperty("shopId").GetInt64();
        await mall.RunSqlAsync($"update shops set create_time = {Ms("2021-03-25T12:00:00Z")} where id = {shop}");
        await PaidAsync(1, "2021-03-27T22:30:00Z"); // 23:30 on the 27th.
        await PaidAsync(2, "2021-03-28T21:30:00Z"); // 23:30 on the 28th, which has 23 hours.
        await PaidAsync(4, "2021-03-28T22:00:00Z"); // Midnight: the 29th's.
        var late = await PaidAsync(8, "2021-03-29T21:59:00Z", status: 0);
        var start = await EndAsync();

        Assert.Equal(
            "1 shops reported for 2021-03-26, 1 reports of days before made up for or corrected",
            await RunAsync("2021-03-27T00:05"));
        await RunAsync("2021-03-29T00:05"); // That of the day before was missed.
        await RunAsync("2021-03-30T00:05");
        Assert.Equal("0 shops reported for 2021-03-29", await RunAsync("2021-03-30T09:00"));
        Assert.Equal(["25 0 0", "26 0 0", "27 1 10", "28 2 20", "29 4 40"], await ToldAsync());

        // The provider says only now when it was paid; and what was sold on the 28th is given back.
        await mall.RunSqlAsync($"update orders set status = 1 where id = {late}");
        await mall.RunSqlAsync($"update orders set status = 3 where paid_time = {Ms("2021-03-28T21:30:00Z")}");
        Assert.Equal(
            "1 shops reported for 2021-03-30, 2 reports of days before made up for or corrected",
            await RunAsync("2021-03-31T00:05"));
        Assert.Equal(["28 0 0 again", "29 12 120 again", "30 0 0"], (await ToldAsync())[5..]);
        Assert.Equal("0 shops reported for 2021-03-30", await RunAsync("2021-03-31T00:06"));

        async Task<long> PaidAsync(int quantity, string time, int status = 1)
        {
            var items = $$"""{"items":[{"productId":{{product}},"quantity":{{quantity}}}]}""";
            var id = (await mall.SendAsync("POST /v1/orders", items, seller)).Json.GetProperty("id").GetInt64();
            await mall.RunSqlAsync(
                $"update orders set status = {status}, close_time = null, paid_time = {Ms(time)} where id = {id}");
            return id;
        }

        Task<string> RunAsync(string local)
        {
            var time = DateTime.Parse(local, CultureInfo.InvariantCulture);
            return mall.Whole.Services.GetServices<IScheduledJob>().Single(job => job.Name == "shop-report")
                .RunAsync(new DateTimeOffset(time, s_berlin.GetUtcOffset(time)), s_berlin);
        }

        async Task<List<string>> ToldAsync() =>
        [
            .. (await EventsAsync(start)).Select(happened => happened.GetProperty("data"))
                .Where(data => data.TryGetProperty("day", out _) && data.GetProperty("shopId").GetInt64() == shop)
                .Select(data =>
                    $"{data.GetProperty("day").GetString()![8..]} {data.GetProperty("units")} {data.GetProperty("amount")}"
                    + (data.TryGetProperty("corrects", out _) ? " again" : "")),
        ];

        async Task<string> EndAsync() => (await EventsAsync("0")).Select(e => e.GetProperty("id").GetRawText()).Last();

        async Task<List<JsonElement>> EventsAsync(string after)
        {
            List<JsonElement> all = [];
            for (string? next = after; next is not null;)
            {
                var page = (await mall.SendAsync($"GET /v1/events?limit=100&after={next}", token: Jwt.Operator)).Json;
                all.AddRange(page.GetProperty("items").EnumerateArray());
                next = page.GetProperty("next").GetString();
            }

            return all;
        }
    }

    [Theory]
    [InlineData("Europe/Berlin", "2021-03-28", "2021-03-27T23:00Z")]
    [InlineData("Europe/Berlin", "2021-03-29", "2021-03-28T22:00Z")]
    [InlineData("America/Santiago", "2021-09-05", "2021-09-05T04:00Z")] // Its clocks go from 24:00 to 1:00.
    [InlineData("America/Santiago", "2021-09-06", "2021-09-06T03:00Z")]
    [InlineData("Atlantic/Azores", "2021-10-31", "2021-10-31T00:00Z")] // They show 0:00 twice.
    [InlineData("Atlantic/Azores", "2021-11-01", "2021-11-01T01:00Z")]
    public void Day_BeginsWhereTheOneBeforeEnds(string zone, string day, string begins) =>
        Assert.Equal(
            DateTimeOffset.Parse(begins, CultureInfo.InvariantCulture),
            Timetable.StartOf(DateOnly.Parse(day, CultureInfo.InvariantCulture), TimeZoneInfo.FindSystemTimeZoneById(zone)));

    private static long Ms(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
