using Mall.TestFaults;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>
/// Many clients that repeat, compensate, give up and come back, on a database that fails at every point of a commit. Whatever
/// happened, the tables must agree with each other and with what every client was told. A failing seed prints itself.
/// </summary>
public sealed class RandomFaultTests
{
    private const int Products = 3;
    private const int Stock = 1_000;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 150)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void EveryKeyHappensAtMostOnce_SumsAreRight_AndNobodyIsToldWhatIsNotSo(int seed) => new Scenario(seed).Run();

    private sealed class Scenario(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly SimulatedLedger _mall = new(seed, new FaultOptions
        {
            Seed = seed,
            BeforeTransaction = 0.1,
            BeforeCommit = 0.1,
            AfterCommit = 0.1,
            ReadBack = 0.3,
            Delay = 0.5,
            Other = 0.05,
        });

        private readonly Dictionary<(string Gid, string Op), int> _applied = [];
        private readonly Dictionary<string, string> _unique = []; // What the author of each unkeyed row was told.

        public void Run()
        {
            _mall.Options.CommitTimeout = TimeSpan.FromSeconds(1);
            _mall.Options.MaxBatchWriteSets = _random.Next(1, 20);
            _mall.Run(async () =>
            {
                _mall.Store.IsRandom = false;
                await _mall.Commit([.. Enumerable.Range(0, Products).Select(i => Product(i, Stock))]);
                _mall.Store.IsRandom = true;
                var outage = _mall.Thread.Start(OutageAsync);
                var clients = Enumerable.Range(0, 12).Select(client => _mall.Thread.Start(() => ClientAsync(client))).ToList();
                foreach (var client in clients) await client;
                await outage;

                _mall.Store.IsRandom = false;
                await _mall.Commit(Setting("the last", "x")); // Whatever was still under way has been settled before it.
                await CheckKeysAsync();
                await CheckUniqueRowsAsync();
            });
        }

        private async Task OutageAsync()
        {
            await _mall.Pass(TimeSpan.FromMilliseconds(_random.Next(3_000)));
            _mall.Store.IsDown = true;
            await _mall.Pass(TimeSpan.FromMilliseconds(_random.Next(2_500)));
            _mall.Store.IsDown = false;
        }

        private async Task ClientAsync(int client)
        {
            for (var i = 0; i < 15; i++)
            {
                if (_random.Next(4) == 0) await _mall.Pass(TimeSpan.FromMilliseconds(_random.Next(300)));
                if (_random.Next(3) == 0) await InsertUniqueAsync($"{client}-{i}");
                else await WorkOnKeyAsync(_random.Next(40));
            }
        }

        /// <summary>An action or a compensation of one of few keys, repeated until its outcome is known, or given up.</summary>
        private async Task WorkOnKeyAsync(int key)
        {
            var gid = $"g{key:00}";
            var barrier = _random.Next(3) == 0 ? Compensate(gid) : Action(gid);
            var change = Take(ProductOf(key), barrier.Op == BarrierOps.Action ? QuantityOf(key) : -QuantityOf(key));
            for (var attempt = 0; attempt < 5; attempt++)
            {
                try
                {
                    var patience = TimeSpan.FromMilliseconds(_random.Next(3) == 0 ? _random.Next(200) : 1_000_000);
                    var outcome = await _mall.Ledger.CommitAsync(new WriteSet(barrier, change)).WaitAsync(patience, _mall.Time);
                    await CheckAnswerAsync(barrier, outcome);
                    return;
                }
                catch (Exception failure)
                    when (failure is LedgerUnavailableException or LedgerOutcomeUnknownException or TimeoutException)
                {
                    await _mall.Pass(TimeSpan.FromMilliseconds(_random.Next(100)));
                }
            }
        }

        private async Task CheckAnswerAsync(BarrierKey barrier, CommitOutcome outcome)
        {
            if (outcome == Applied)
                Assert.Equal(1, _applied[(barrier.Gid, barrier.Op)] = _applied.GetValueOrDefault((barrier.Gid, barrier.Op)) + 1);
            string[] expected = (barrier.Op, outcome) switch
            {
                (BarrierOps.Action, Applied or Duplicate) => ["01 action 01 action"],
                (BarrierOps.Compensate, Applied or Duplicate) => ["01 action 01 action", "01 compensate 01 compensate"],
                (BarrierOps.Action, Suspended) or (_, NullCompensation) =>
                    ["01 action 01 compensate", "01 compensate 01 compensate"],
                _ => throw new InvalidOperationException($"{barrier.Op} came to {outcome}."),
            };
            var rows = await RowsAsync(barrier.Gid);
            Assert.True(expected.All(rows.Contains),
                $"{barrier.Op} of {barrier.Gid} was told {outcome}, and there is only: {string.Join("; ", rows)}");
        }

        /// <summary>A row that nobody else writes and that no barrier protects: it is only tried once.</summary>
        private async Task InsertUniqueAsync(string name)
        {
            try
            {
                var outcome = await _mall.Commit(Setting(name, "x"));
                Assert.Equal(Applied, outcome);
                _unique[name] = "applied";
            }
            catch (LedgerUnavailableException)
            {
                _unique[name] = "nothing happened";
            }
            catch (LedgerOutcomeUnknownException)
            {
                _unique[name] = "unknown";
            }
        }

        private async Task CheckKeysAsync()
        {
            var taken = new long[Products];
            for (var key = 0; key < 40; key++)
            {
                var rows = await RowsAsync($"g{key:00}");
                var (happened, undone) = (rows.Contains("01 action 01 action"), rows.Contains("01 compensate 01 compensate"));
                if (happened && !undone) taken[ProductOf(key)] += QuantityOf(key);
                Assert.True(rows.Count == 0 || happened || rows.Contains("01 action 01 compensate"),
                    $"Half a barrier: {string.Join("; ", rows)}");
            }

            for (var product = 0; product < Products; product++)
                Assert.Equal((Stock - taken[product], taken[product]), await _mall.One(ProductRow, product));
        }

        private async Task CheckUniqueRowsAsync()
        {
            foreach (var (name, told) in _unique)
            {
                var isThere = (await _mall.Ledger.QueryAsync(SettingOf, CancellationToken.None, name)).Count == 1;
                Assert.True(told == "unknown" || isThere == (told == "applied"),
                    $"The author of {name} was told {told}; it is there: {isThere}.");
            }
        }

        private static int ProductOf(int key) => key % Products;

        private static int QuantityOf(int key) => 1 + (key % 5);

        private async Task<IReadOnlyList<string>> RowsAsync(string gid)
        {
            while (true)
            {
                try
                {
                    return await _mall.Ledger.QueryAsync(BarrierRows, CancellationToken.None, gid);
                }
                catch (LedgerUnavailableException)
                {
                    await _mall.Pass(TimeSpan.FromMilliseconds(100));
                }
            }
        }
    }
}
