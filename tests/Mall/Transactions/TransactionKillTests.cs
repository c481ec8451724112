using System.Net;
using System.Net.Http.Json;
using Mall.Tests.Hosting;
using Mall.Tests.Installations;
using Microsoft.Data.Sqlite;

namespace Mall.Tests.Transactions;

/// <summary>
/// The process that drives transactions dies by kill -9 under them, and starts again: each ends, no branch is left out, and what
/// was acknowledged is there. <c>MALL_TEST_KILLS</c> is how often it dies (2).
/// </summary>
[Collection(nameof(WholeProcesses))]
public sealed class TransactionKillTests
{
    private const int SagasAKill = 40;

    [Fact]
    public async Task Kill_UnderRunningTransactions_LosesNone()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var services = await Services.OpenAsync();
        await using var mall = new Installation();
        var dtm = $"127.0.0.1:{Installation.FreePort()}";
        string[] settings = [.. mall.Settings, "--dtm", dtm, "--dtm-retry", "00:00:01"];
        var silo = mall.Start(settings);
        await mall.UntilServingAsync(silo, stop);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{dtm}/api/dtmsvr/") };
        var acknowledged = new List<string>();
        for (var kill = 0; kill < Setting.Of("MALL_TEST_KILLS", 2); kill++)
        {
            var submitting = Enumerable.Range(0, SagasAKill).Select(i => SubmitAsync($"{kill}-{i}", i % 4 == 0)).ToArray();
            await TestMall.EventuallyAsync(
                () => Task.FromResult(services.Of($"{kill}-1").Length > 0 || Array.TrueForAll(submitting, s => s.IsCompleted)),
                    "some run");
            await silo.KillAsync();
            acknowledged.AddRange((await Task.WhenAll(submitting)).OfType<string>());
            silo = mall.Start(settings);
            await mall.UntilServingAsync(silo, stop);
        }

        Assert.NotEmpty(acknowledged);
        foreach (var gid in acknowledged)
        {
            var isBad = int.Parse(gid.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture) % 4 == 0;
            await TestMall.EventuallyAsync(async () => await StatusAsync(gid) == (isBad ? "failed" : "succeed"), $"{gid} ends");
            var ops = services.OpsOf(gid);
            Assert.Contains("01 action", ops);
            Assert.Contains("02 action", ops);
            Assert.Equal(isBad, ops.Contains("01 compensate") && ops.Contains("02 compensate"));
        }

        async Task<string?> SubmitAsync(string gid, bool isBad)
        {
            try
            {
                using var answer = await client.PostAsJsonAsync("submit", new
                {
                    gid, trans_type = "saga", steps = new[]
                    {
                        new { action = services.Url("ok"), compensate = services.Url("ok") },
                        new { action = services.Url(isBad ? "refuse" : "ok"), compensate = services.Url("ok") },
                    },
                }, stop);
                return answer.StatusCode == HttpStatusCode.OK ? gid : null;
            }
            catch (HttpRequestException)
            {
                return null; // It died first; the client would submit again under the same gid.
            }
        }

        async Task<string?> StatusAsync(string gid)
        {
            await using var connection = new SqliteConnection($"Data Source={mall.File};Mode=ReadOnly;Pooling=False");
            await connection.OpenAsync(stop);
            await using var command = connection.CreateCommand();
            command.CommandText = $"select status from sagas where gid = '{gid}'";
            return (string?)await command.ExecuteScalarAsync(stop);
        }
    }
}
