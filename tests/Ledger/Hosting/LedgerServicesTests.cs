using Mall.Ledger.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public sealed class LedgerServicesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Host_OpensTheLedgerBeforeAnythingStarts_AndDoesDueWork_AndClosesAtTheEnd()
    {
        var path = _folder.File("mall.db");
        using (var host = NewHost(path))
        {
            await host.StartAsync(Cancel);
            Assert.Equal(CommitOutcome.Applied, host.Services.GetRequiredService<EarlyBird>().Outcome);
            var ledger = host.Services.GetRequiredService<ILedger>();
            await ledger.CommitAsync(new WriteSet(DueWork.Schedule("mail", "m", DateTimeOffset.UnixEpoch)));
            Assert.Equal("m",
                await host.Services.GetServices<IDueHandler>().OfType<Postman>().Single().Delivered.WaitAsync(Cancel));

            await host.StopAsync(Cancel);
            await Assert.ThrowsAsync<LedgerUnavailableException>(() =>
                ledger.CommitAsync(new WriteSet(Setting("late", "x"))));
        }

        // The file is free again, and nothing but the clean-up is left to do.
        using var next = NewHost(path);
        await next.StartAsync(Cancel);
        Assert.Equal(["ledger.cleanup"], await next.Services.GetRequiredService<ILedger>()
            .QueryAsync(new Query<string>("select kind from due", row => row.GetString(0)), Cancel));
        await next.StopAsync(Cancel);
    }

    [Fact]
    public async Task Host_WithADatabaseThatCannotBeUsed_DoesNotStart()
    {
        using var host = NewHost(_folder.File("mall.db"));
        await host.StartAsync(Cancel);
        using var second = NewHost(_folder.File("mall.db"));
        await Assert.ThrowsAsync<LedgerStartException>(() => second.StartAsync(Cancel));
        await host.StopAsync(Cancel);
    }

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static IHost NewHost(string path)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<EarlyBird>();
        builder.Services.AddHostedService(services => services.GetRequiredService<EarlyBird>());
        builder.Services.AddMallLedger(new LedgerOptions { Address = StoreAddress.Parse($"sqlite:{path}") });
        builder.Services.AddMallDueWork().AddDueHandler<Postman>();
        return builder.Build();
    }

    /// <summary>Registered before the ledger, and still finds it open.</summary>
    private sealed class EarlyBird(ILedger ledger) : IHostedService
    {
        public CommitOutcome? Outcome { get; private set; }

        public async Task StartAsync(CancellationToken cancellationToken) =>
            Outcome = await ledger.CommitAsync(new WriteSet(Setting("early", "x")));

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
