using Mall.Hosting;
using Mall.Ledger;
using Mall.Ledger.Stores;
using Mall.Orders;
using Mall.Sagas;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mall.Tests.Users;

/// <summary>What grains have the ledger's clean-up remove, and what stays.</summary>
public sealed class OldRowsTests : IAsyncLifetime
{
    private static readonly LedgerOptions s_options = new() { Address = StoreAddress.Parse("sqlite::memory:") };
    private readonly DurableLedger _ledger = new(
        LedgerServices.StoreAt(s_options, TimeProvider.System), s_options, new LedgerClock(TimeProvider.System),
        new LedgerMetrics(), NullLogger<DurableLedger>.Instance);

    public async ValueTask InitializeAsync() => await _ledger.OpenAsync();

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Theory, InlineData("sessions", "expire_time"), InlineData("ended_sessions", "access_end")]
    public async Task Sessions_GoWhenTheyHaveExpired(string table, string time)
    {
        foreach (var id in (long[])[1, 2])
        {
            (string, Value)[] row = [("id", id), ("access_end", 10 * id)];
            if (table == "sessions")
                row = [.. row, ("user_id", 1), ("role", "user"), ("token_hash", $"{id}"), ("issue_time", 0), ("rotate_time", 0),
                    (time, 10 * id), ("create_time", 0)];
            await InsertAsync(table, row);
        }

        Assert.Equal([1], await OldAsync(table, now: 11));
    }

    private Task<CommitOutcome> InsertAsync(string table, params (string Name, Value Value)[] row)
    {
        var columns = row.Select(value => new Column(value.Name, value.Value.IsNumber ? ColumnType.Number : ColumnType.Text));
        Column[] all = [.. columns];
        return _ledger.CommitAsync(new WriteSet(
            new Table(table, all[0]).Insert(all).With([.. row.Select(value => value.Value)])));
    }

    private async Task<IReadOnlyList<long>> OldAsync(string table, long now)
    {
        var services = new ServiceCollection().AddMallGrains(new OrderOptions(), new SagaOptions(), jitterSeed: 1);
        var rows = services.Select(service => service.ImplementationInstance).OfType<OldRows>().Single(old => old.Table == table);
        var removals = await _ledger.QueryAsync(rows.Removals, TestContext.Current.CancellationToken, now);
        var outcomes = await Task.WhenAll(removals.Select(removal => _ledger.CommitAsync(new WriteSet(removal))));
        Assert.All(outcomes, outcome => Assert.Equal(CommitOutcome.Applied, outcome));
        return [.. removals.Select(removal => removal.Values[0].Number)];
    }
}
