using Mall.Orders;
using Mall.Payments;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Payments;

/// <summary>A refund goes on for as long as its provider needs.</summary>
public sealed class RefundTests
{
    [Fact]
    public async Task A_refund_that_waits_for_its_provider_lets_an_operator_in()
    {
        var provider = new SlowProvider();
        await using var mall = await TestMall.OpenAsync(services: s => s.AddSingleton<IPaymentProvider>(provider));
        var (user, order, refund) = await PaidAsync(mall);
        var refunding = refund.Refund(order, new RefundOrder(user, null));
        await provider.Asked;

        Assert.Equal(ErrorCodes.Forbidden, (await refund.Refund(order, new RefundOrder(user + 1, null))).Refusal?.Code);
        Assert.False((await RetryAsync(mall, order)).IsRefused);

        Assert.False(refunding.IsCompleted);
        provider.Answer();
        Assert.Equal(OrderStatus.Refunded, (await refunding).Value?.Status);
    }

    [Fact]
    public async Task A_refund_that_is_about_to_begin_while_another_is_refused_lets_an_operator_in_too()
    {
        var provider = new SlowProvider();
        var turnstile = new Turnstile(nameof(IOrderHistoryGrain.Get));
        await using var mall = await TestMall.OpenAsync(
            silo => silo.AddIncomingGrainCallFilter(turnstile), s => s.AddSingleton<IPaymentProvider>(provider));
        var (user, order, refund) = await PaidAsync(mall);
        turnstile.Hold();
        var refunding = refund.Refund(order, new RefundOrder(user, null));
        await turnstile.Arrived;
        turnstile.Lose(); // It looks for the order still, and others pass.

        Assert.Equal(ErrorCodes.Forbidden, (await refund.Refund(order, new RefundOrder(user + 1, null))).Refusal?.Code);
        turnstile.Open();
        await provider.Asked;

        Assert.False((await RetryAsync(mall, order)).IsRefused);
        Assert.False(refunding.IsCompleted);
        provider.Answer();
        Assert.Equal(OrderStatus.Refunded, (await refunding).Value?.Status);
    }

    /// <summary>A paid order of a user, and where it is refunded.</summary>
    private static async Task<(long User, long Order, IRefundSagaGrain Refund)> PaidAsync(TestMall mall)
    {
        var user = await mall.RegisterAsync();
        var order = (await mall.PlaceAsync("g1", user, new OrderLine(await mall.SellAsync(user, stock: 5), 1))).Value!.Id;
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas where gid = 'g1'");
        var opened = await mall.Grains.GetGrain<IOrderPaymentGrain>(order).Open(new OpenPayment(user, "http://mall.test", null));
        var payment = opened.Value!.Payment;
        await mall.Grains.GetGrain<IPaymentGrain>(payment.Id)
            .Report(new PaymentReport(payment.Id, payment.Amount, HasSucceeded: true, "r", PaidAt: null));
        return (user, order, mall.Grains.GetGrain<IRefundSagaGrain>(Refunds.GidOf(order)));
    }

    private static Task<Result<SagaView>> RetryAsync(TestMall mall, long order) =>
        mall.Grains.GetGrain<ISagaDirectoryGrain>(0).Retry(Refunds.GidOf(order), null);

    /// <summary>Takes every payment, and gives nothing back until it is told to.</summary>
    private sealed class SlowProvider : IPaymentProvider
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => "slow";

        public Task Asked => _asked.Task;

        public void Answer() => _answer.SetResult();

        public Task<ProviderAnswer> OpenAsync(ProviderRequest payment) =>
            Task.FromResult(new ProviderAnswer("r", "http://provider.test/pay"));

        public Task RefundAsync(ProviderRequest payment)
        {
            _asked.TrySetResult();
            return _answer.Task;
        }
    }
}
