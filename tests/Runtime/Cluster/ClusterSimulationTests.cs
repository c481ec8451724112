namespace Mall.Runtime.Tests.Cluster;

/// <summary>
/// Three silos and two clients, whose processes die and whose ways are cut, by seed. Whatever happens: each call ends; none runs
/// twice; one that was answered has run, and one that says it has not run has not; no silo without a lease lets a call in. And
/// once the trouble is over, everybody sees the same silos, every call succeeds, and no grain is in two places.
/// </summary>
public sealed class ClusterSimulationTests
{
    private const int Keys = 40;
    private const int CallersPerClient = 4;
    private static readonly TimeSpan s_trouble = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_calm = TimeSpan.FromSeconds(40);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Cluster_InTrouble_KeepsItsPromises(int seed) =>
        SimulatedCluster.Run(seed, cluster => new Story(seed, cluster).TellAsync());

    private sealed class Story(int seed, SimulatedCluster cluster)
    {
        private static readonly string[] s_names = ["a:1", "b:1", "c:1"];

        private readonly Random _random = new(seed);
        private readonly List<SimulatedCluster.Process> _clients = [];
        private readonly List<string> _deeds = [];
        private long _lastCall;
        private int _answered;
        private int _failed;
        private bool _isOver;

        public async Task TellAsync()
        {
            foreach (var name in s_names) await cluster.StartAsync(name, isSilo: true);
            for (var i = 0; i < 2; i++) _clients.Add(await cluster.StartAsync($"client {i}", isSilo: false));
            Task[] callers = [.. _clients.SelectMany(c => Enumerable.Range(0, CallersPerClient).Select(_ => CallAsync(c)))];

            await MakeTroubleAsync();
            await EndTroubleAsync();
            _isOver = true;
            await Task.WhenAll(callers);

            Assert.True(_answered > 1_000, Tell($"only {_answered} calls were answered"));
            Assert.True(cluster.Tally.Faults.Count == 0, Tell(string.Join("; ", cluster.Tally.Faults.Take(3))));
            AssertConverged();
            await AssertEveryGrainAnswersFromOnePlaceAsync();
        }

        private async Task CallAsync(SimulatedCluster.Process client)
        {
            while (!_isOver)
            {
                await cluster.Pass(TimeSpan.FromMilliseconds(_random.Next(1, 200)));
                await CountAsync(client, _random.Next(Keys));
            }
        }

        private async Task<bool> CountAsync(SimulatedCluster.Process client, long key)
        {
            var call = ++_lastCall;
            try
            {
                await client.Grains.GetGrain<ITallyGrain>(key).Count(call);
                _answered++;
                Assert.True(
                    cluster.Tally.ExecutionsOf(call) == 1,
                    Tell($"call {call} was answered and has run {cluster.Tally.ExecutionsOf(call)} times"));
                return true;
            }
            catch (Exception exception) when (exception is SiloUnavailableException or TimeoutException)
            {
                _failed++;
                var most = exception.Message.EndsWith("has not run.", StringComparison.Ordinal) ? 0 : 1;
                var runs = cluster.Tally.ExecutionsOf(call);
                Assert.True(runs <= most, Tell($"call {call} has run {runs} times: {exception.Message}"));
                return false;
            }
        }

        private async Task MakeTroubleAsync()
        {
            for (var passed = TimeSpan.Zero; passed < s_trouble;)
            {
                var pause = TimeSpan.FromMilliseconds(_random.Next(100, 6_000));
                await cluster.Pass(pause);
                passed += pause;
                await DoSomethingAsync();
            }
        }

        private async Task DoSomethingAsync()
        {
            var silos = cluster.Silos.ToArray();
            var victim = silos[_random.Next(silos.Length)];
            var other = cluster.Running[_random.Next(cluster.Running.Count)].Name;
            switch (_random.Next(9))
            {
                case 0 or 1 when silos.Length > 1:
                    Note($"kill {victim.Name}");
                    cluster.Kill(victim);
                    break;
                case 2 when silos.Length > 1:
                    Note($"stop {victim.Name}");
                    await cluster.StopAsync(victim);
                    break;
                case 0 or 1 or 2 or 3 when silos.Length < s_names.Length:
                    var name = s_names.First(n => silos.All(s => s.Name != n));
                    Note($"start {name}");
                    await cluster.StartAsync(name, isSilo: true);
                    break;
                case 4 or 5:
                    Note($"cut {victim.Name} from {other}");
                    cluster.Network.Cut(victim.Name, other);
                    break;
                case 6:
                    Note($"cut {victim.Name} from the table");
                    victim.Table.IsCut = true;
                    break;
                case 7:
                    cluster.Network.Delay = TimeSpan.FromMilliseconds(_random.Next(1, 400));
                    Note($"delay {cluster.Network.Delay}");
                    break;
                default:
                    Note("mend");
                    Mend();
                    break;
            }
        }

        private async Task EndTroubleAsync()
        {
            Note("calm");
            Mend();
            cluster.Network.Delay = TimeSpan.FromMilliseconds(5);
            foreach (var name in s_names.Where(n => cluster.Silos.All(s => s.Name != n)))
                await cluster.StartAsync(name, isSilo: true);
            await cluster.Pass(s_calm);
        }

        private void Mend()
        {
            cluster.Network.MendAll();
            foreach (var process in cluster.Running) process.Table.IsCut = false;
        }

        private void AssertConverged()
        {
            var silos = cluster.Silos.Select(s => s.Self).ToHashSet();
            foreach (var process in cluster.Running)
            {
                var view = process.Membership.Current;
                Assert.True(silos.SetEquals(view.Silos), Tell($"{process.Name} sees {string.Join(", ", view.Silos)}"));
                Assert.True(process.Membership.MayServe, Tell($"{process.Name} may not serve"));
            }
        }

        private async Task AssertEveryGrainAnswersFromOnePlaceAsync()
        {
            for (var key = 0; key < Keys; key++)
            {
                Assert.True(
                    await CountAsync(_clients[key % _clients.Count], key), Tell($"grain {key} did not answer in the calm"));
                Assert.True(
                    cluster.Tally.PlacesOf(key).Count == 1,
                    Tell($"grain {key} is at {string.Join(" and ", cluster.Tally.PlacesOf(key))}"));
            }
        }

        private void Note(string deed) => _deeds.Add(deed);

        private string Tell(string what) =>
            $"seed {seed}: {what}. {_answered} answered, {_failed} failed. Before: {string.Join(", ", _deeds)}.";
    }
}
