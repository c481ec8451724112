using Mall.Bench.Load.Clients;

namespace Mall.Bench.Transactions;

/// <summary>Sagas through a mall's door for transactions; each caller waits for the result of one and submits the next.</summary>
sealed class SagaSite(Installation mall, Branches branches, int callers) : ISite
{
    readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    readonly HttpConnection[] _connections = [.. Enumerable.Range(0, callers).Select(_ => new HttpConnection(mall.Dtm))];
    long _submitted;

    public int Callers => callers;

    public string Durability => mall.Durability;

    public async Task CallAsync(Caller caller)
    {
        var connection = _connections[caller.Index];
        while (caller.GoesOn)
        {
            var json = $$"""
                {"gid":"load-{{_run}}-{{Interlocked.Increment(ref _submitted)}}","trans_type":"saga","wait_result":true,"steps":[
                {"action":"{{branches.Address}}out","compensate":"{{branches.Address}}out-again"},
                {"action":"{{branches.Address}}in","compensate":"{{branches.Address}}in-again"}],
                "payloads":["{\"amount\":30}","{\"amount\":30}"]}
                """;
            var length = Encoding.ASCII.GetBytes(
                $"POST /api/dtmsvr/submit HTTP/1.1\r\nHost: {mall.Dtm.Authority}\r\nContent-Type: application/json\r\n"
                + $"Content-Length: {json.Length}\r\n\r\n{json}",
                connection.Buffer);
            var (answer, trouble) = await connection.SendAsync(length);
            caller.Ended(answer is null ? trouble : answer.Value.Status == 200 ? null : $"http {answer.Value.Status}");
        }
    }

    public Task<IReadOnlyDictionary<string, TimeSpan>> SpentAsync() => mall.SpentAsync();

    public async Task AuditAsync(long acknowledged, CancellationToken cancellationToken)
    {
        await mall.StopAndAuditTransactionsAsync(acknowledged);
        if (branches.Calls < 2 * acknowledged)
            throw new BenchmarkException($"{acknowledged} sagas were acknowledged, and {branches.Calls} branches called");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            connection.Dispose();
        await mall.DisposeAsync();
        await branches.DisposeAsync();
    }
}
