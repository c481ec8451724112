using Mall.Bench.Orders.Dtm;

namespace Mall.Bench.Transactions;

/// <summary>
/// The DTM pattern for a saga of two branches, a worker for each caller: the global transaction and its branches are recorded
/// in one transaction, the branches are called over HTTP, and the outcome is recorded with the branches' statuses. It is better
/// than DTM where the baseline of orders is: no server in between, nothing noted between the branches, and nothing provided for
/// but success.
/// </summary>
sealed class SagaBaseline : ISite
{
    readonly string _run = Guid.NewGuid().ToString("N");
    readonly HttpClient _http = new();
    readonly BenchServer _server;
    readonly Branches _branches;
    readonly string _database;
    readonly IReadOnlyList<Worker> _workers;
    long _submitted;

    SagaBaseline(BenchServer server, Branches branches, string database, IReadOnlyList<Worker> workers) =>
        (_server, _branches, _database, _workers) = (server, branches, database, workers);

    public int Callers => _workers.Count;

    public string Durability => _server.Settings;

    /// <summary>Makes tables and connections.</summary>
    public static async Task<ISite> OpenAsync(
        BenchServer server, RoundTrips trips, int workers, CancellationToken cancellationToken)
    {
        var (database, address) = await server.CreateDatabaseAsync("dtm", cancellationToken);
        var sql = server.Kind == DatabaseKind.Postgres ? DtmSql.Postgres : DtmSql.MariaDb;
        await server.ExecuteAsync(database, sql.Schema, cancellationToken);
        return new SagaBaseline(
            server, await Branches.OpenAsync(cancellationToken), database,
            [
                .. Enumerable.Range(0, workers).Select(_ =>
                    new Worker(DtmBaseline.Connection(server.Kind, StoreAddress.Parse(address)), sql, trips)),
            ]);
    }

    public async Task CallAsync(Caller caller)
    {
        while (caller.GoesOn)
        {
            var gid = $"load-{_run}-{Interlocked.Increment(ref _submitted)}";
            try
            {
                await _workers[caller.Index].RunAsync(gid, branch => AskAsync(gid, branch));
                caller.Ended(null);
            }
            catch (Exception e) when (e is DbException or HttpRequestException)
            {
                caller.Ended(e.Message);
            }
        }
    }

    public async Task<IReadOnlyDictionary<string, TimeSpan>> SpentAsync() =>
        new Dictionary<string, TimeSpan> { [Metric.CpuOfDatabase] = await _server.ProcessorTimeAsync() };

    public async Task AuditAsync(long acknowledged, CancellationToken cancellationToken)
    {
        var succeeded = await _server.NumberAsync(
            _database, "select count(*) from trans_global where status = 'succeed'", cancellationToken);
        if (succeeded < acknowledged || _branches.Calls < 2 * acknowledged)
            throw new BenchmarkException(
                $"baseline: {acknowledged} acknowledged, {succeeded} succeeded, {_branches.Calls} branches called");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
            worker.Dispose();
        _http.Dispose();
        await _branches.DisposeAsync();
    }

    async Task AskAsync(string gid, string branch)
    {
        using var body = new StringContent("""{"amount":30}""", Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(
            $"{_branches.Address}out?gid={gid}&trans_type=saga&branch_id={branch}&op=action", body);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>On a connection of its own. Not thread safe.</summary>
    sealed class Worker : IDisposable
    {
        const string Payload = """{"amount":30}""";

        readonly DbConnection _connection;
        readonly Statements _submit;
        readonly Statements _succeed;

        public Worker(DbConnection connection, DtmSql sql, RoundTrips trips)
        {
            _connection = connection;
            connection.Open();
            _submit = new(connection, trips, sql.Prepares, ["begin", .. DtmSql.Submit(items: 1), "commit"]);
            _succeed = new(connection, trips, sql.Prepares, ["begin", .. DtmSql.Succeed, "commit"]);
        }

        public async Task RunAsync(string gid, Func<string, Task> ask)
        {
            await _submit.RunAsync(("gid", gid), ("whole", $"[{Payload},{Payload}]"), ("payload0", Payload), Now());
            await ask("01");
            await ask("02");
            await _succeed.RunAsync(("gid", gid), Now());
        }

        public void Dispose() => _connection.Dispose();

        static (string, object) Now() => ("now", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }
}
