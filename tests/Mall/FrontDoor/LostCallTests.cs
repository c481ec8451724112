using System.Net;
using Mall.Tests.Hosting;
using Mall.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.FrontDoor;

/// <summary>A message between grains that is lost with a silo, and of which nobody hears.</summary>
public sealed class LostCallTests
{
    [Fact]
    public async Task Order_WhoseQuestionForItsUserIsLost_IsPlacedWhileItsClientWaits()
    {
        var users = new Turnstile(nameof(IUserGrain.Exists));
        await using var mall = await WholeMall.OpenAsync(services => services.AddSingleton<IIncomingGrainCallFilter>(users));
        var (_, token) = await mall.RegisterAsync("13600000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        token = (await mall.SendAsync("POST", "/v1/sessions", """{"mobile":"13600000001","password":"correct horse"}"""))
            .Json.GetProperty("accessToken").GetString()!;
        var items = $$"""{"items":[{"productId":{{await mall.SellAsync(token, stock: 5)}},"quantity":1}]}""";
        users.Hold();
        try
        {
            var placing = mall.SendAsync("POST", "/v1/orders", items, token);
            await users.Arrived.WaitAsync(TestContext.Current.CancellationToken);
            users.Lose();
            Assert.Equal(HttpStatusCode.Created, (await placing).Status);
        }
        finally
        {
            users.Open(); // The end of its silo waits for it.
        }
    }
}
