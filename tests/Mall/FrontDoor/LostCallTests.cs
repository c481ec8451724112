using System.Net;
using Mall.Tests.Hosting;
using Mall.Users;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Mall.Tests.FrontDoor;

/// <summary>A message between grains that is lost with a silo, and of which nobody hears.</summary>
public sealed class LostCallTests
{
    [Fact]
    public async Task Order_WhoseQuestionForItsUserIsLost_IsPlacedWhileItsClientWaits()
    {
        var lost = new Loss(nameof(IUserGrain.Exists));
        await using var mall = await WholeMall.OpenAsync(services => services.AddSingleton<IIncomingGrainCallFilter>(lost));
        var (_, token) = await mall.RegisterAsync("13600000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        token = (await mall.SendAsync("POST", "/v1/sessions", """{"mobile":"13600000001","password":"correct horse"}"""))
            .Json.GetProperty("accessToken").GetString()!;
        var items = $$"""{"items":[{"productId":{{await mall.SellAsync(token, stock: 5)}},"quantity":1}]}""";
        lost.IsNear = true;

        var answer = await mall.SendAsync("POST", "/v1/orders", items, token);

        lost.End(); // So that its silo need not wait for it.
        Assert.Equal((HttpStatusCode.Created, false), (answer.Status, lost.IsNear));
    }

    private sealed class Loss(string method) : IIncomingGrainCallFilter
    {
        private readonly TaskCompletionSource _ended = new();
        private int _near;

        public bool IsNear { get => _near == 1; set => _near = value ? 1 : 0; }

        public Task Invoke(IIncomingGrainCallContext context) =>
            context.MethodName == method && Interlocked.CompareExchange(ref _near, 0, 1) == 1
                ? _ended.Task
                : context.Invoke();

        public void End() => _ended.SetResult();
    }
}
