using System.Diagnostics;
using Mall.Ledger.Stores;
using Microsoft.Extensions.Logging;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class ServerFaultTests
{
    [Fact]
    public async Task Start_BeforeTheServerIsUp_WaitsForIt_AndSaysSo()
    {
        await Server.StopAsync();
        var log = new RecordingLogger();
        await using var store = LedgerServices.StoreAt(Options(), TimeProvider.System, log);
        var opening = store.OpenAsync(Cancel);
        await Eventually(() => Task.FromResult(log.Lines.Any(line => line.Contains("Waiting for", StringComparison.Ordinal))));
        await Server.StartAgainAsync();

        await opening;
        // It holds the password.
        Assert.DoesNotContain(log.Lines, line => line.Contains(Server.AddressOf(Database), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithoutAServer_FailsInOneLine_AfterItsPatience()
    {
        var options = Options();
        options.Address = StoreAddress.Parse(Server.AddressOf(Database, port: 1));
        options.StartTimeout = TimeSpan.FromSeconds(1);
        var waited = Stopwatch.StartNew();
        await using var store = LedgerServices.StoreAt(options, TimeProvider.System);

        var failure = await Assert.ThrowsAsync<LedgerStartException>(() => store.OpenAsync(Cancel));
        Assert.StartsWith($"db: {options.Address}: ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.InRange(waited.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData("password")]
    [InlineData("database")]
    public async Task Start_WithWhatNeverWorks_FailsAtOnce(string wrong)
    {
        var address = new UriBuilder(Server.AddressOf(Database));
        if (wrong == "password") address.Password = "wrong";
        else address.Path = "nowhere";
        var options = Options();
        options.Address = StoreAddress.Parse(address.ToString());
        var waited = Stopwatch.StartNew();
        await using var store = LedgerServices.StoreAt(options, TimeProvider.System);

        var failure = await Assert.ThrowsAsync<LedgerStartException>(() => store.OpenAsync(Cancel));
        Assert.DoesNotContain("wrong", failure.Message, StringComparison.Ordinal);
        Assert.InRange(waited.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Start_OfManyAtOnce_MigratesOnce()
    {
        var database = await faults.NewDatabaseAsync();
        var stores = Enumerable.Range(0, 4).Select(_ =>
        {
            var options = Options();
            options.Address = StoreAddress.Parse(Server.AddressOf(database));
            return LedgerServices.StoreAt(options, TimeProvider.System);
        }).ToList();
        await Task.WhenAll(stores.Select(store => store.OpenAsync(Cancel)));
        foreach (var store in stores) await store.DisposeAsync();

        var known = Migration.AllOf(faults.Kind == TestServers.DatabaseKind.Postgres ? "postgres" : "mysql").Count;
        Assert.Equal($"{known}", await Server.RunSqlAsync("select count(*) from schema_version", database, Cancel));
    }

    [Fact]
    public async Task Start_OnAServerThatDoesNotWaitForItsDisk_Warns()
    {
        await SetDurableAsync(false);
        try
        {
            var log = new RecordingLogger();
            await using var store = LedgerServices.StoreAt(Options(), TimeProvider.System, log);
            await store.OpenAsync(Cancel);
            Assert.Contains(log.Lines, line => line.Contains("does not wait for its disk", StringComparison.Ordinal));
        }
        finally
        {
            await SetDurableAsync(true);
        }
    }

    private async Task SetDurableAsync(bool on)
    {
        if (faults.Kind == TestServers.DatabaseKind.Postgres)
        {
            await Sql($"alter system set fsync = {(on ? "on" : "off")}");
            await Sql("select pg_reload_conf()");
            await Eventually(async () => await Sql("show fsync") == (on ? "on" : "off"));
        }
        else
        {
            await Sql($"set global innodb_flush_log_at_trx_commit = {(on ? 1 : 2)}");
        }
    }

    /// <summary>Keeps what is logged.</summary>
    private sealed class RecordingLogger : ILoggerFactory, ILogger
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines) return [.. _lines];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines) _lines.Add(formatter(state, exception));
        }
    }
}
