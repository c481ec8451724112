using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Mall.Ledger.Tests;

/// <summary>A real process, killed with SIGKILL while it commits, again and again on one file.</summary>
public sealed class CrashTests : IDisposable
{
    private const int Kills = 10;
    private const int ExitOfTheKilled = 128 + 9;
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Kill_AtAnyMoment_LosesNothingThatWasAcknowledged_AndLeavesNothingHalf()
    {
        var path = _folder.File("mall.db");
        var seed = Environment.ProcessId;
        var random = new Random(seed);
        var acknowledged = new HashSet<string>();
        for (var run = 0; run < Kills; run++)
        {
            var keys = await RunAndKillAsync(path, run, after: random.Next(1, 600));
            acknowledged.UnionWith(keys);
            Check(path, acknowledged, $"run {run}, seed {seed}");
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Kills the child once it has acknowledged so many, and returns all that it has acknowledged by then.</summary>
    private static async Task<List<string>> RunAndKillAsync(string path, int run, int after)
    {
        var cancel = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(Program).Assembly.Location);
        foreach (var argument in (string[])[CrashChild.Argument, path, $"{run}"]) start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        var keys = new List<string>();
        while (await child.StandardOutput.ReadLineAsync(cancel) is { } key)
        {
            keys.Add(key);
            if (keys.Count == after) child.Kill();
        }

        await child.WaitForExitAsync(cancel);
        Assert.Equal((ExitOfTheKilled, true), (child.ExitCode, keys.Count >= after)); // It has not ended by itself before.
        return keys;
    }

    private static void Check(string path, HashSet<string> acknowledged, string when)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        var effects = Texts(connection, "select gid from barrier").ToHashSet();
        Assert.True(acknowledged.IsSubsetOf(effects),
            $"Lost in {when}: {string.Join(", ", acknowledged.Except(effects).Take(5))}");
        Assert.Equal(effects, Texts(connection, "select name from settings").ToHashSet());
        var product = Texts(connection, "select stock || ' ' || sold from products").Single();
        Assert.Equal($"{CrashChild.Stock - effects.Count} {effects.Count}", product);
        Assert.Equal("ok", Texts(connection, "pragma integrity_check").Single());
    }

    private static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this test.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var texts = new List<string>();
        while (reader.Read()) texts.Add(reader.GetString(0));
        return texts;
    }
}
