using Mall.Silo.Settings;
using Mall.Tests.Installations;
using Microsoft.Data.Sqlite;

namespace Mall.Tests.Hosting;

/// <summary>The program as people start it, in a process of its own.</summary>
public sealed class ProgramTests
{
    private static readonly TimeSpan s_endsWithin = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Start_OnARelativePath_TellsWhereThatIs()
    {
        await using var mall = new Installation();
        var silo = mall.Start([.. mall.Settings.SkipLast(1), "sqlite:mall.db"]);
        await TestMall.EventuallyAsync(() => Task.FromResult(silo.HasExited || silo.OutputLines.Contains("Try:")), "it is open");
        Assert.Contains(silo.OutputLines, line => line.Trim() == $"data   sqlite:{mall.File}");
    }

    [Fact]
    public async Task Metrics_CountFromTheStartOn_ThoughNobodyHasAskedYet()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var mall = new Installation();
        await mall.OpenAsync(stop); // Which a silo says after its first commit.
        using var client = new HttpClient { BaseAddress = mall.Address };
        Assert.Contains("mall_ledger_batch_size_count", await client.GetStringAsync("metrics", stop), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("demo", "--help")]
    [InlineData("admin", "create", "-h")]
    public async Task Help_TellsEachCommandAndSetting(params string[] arguments)
    {
        await using var mall = new Installation();
        var help = mall.Start(arguments);
        Assert.Equal(0, await help.ExitCodeAsync(s_endsWithin));
        var told = string.Join('\n', help.OutputLines);
        Assert.All(
            SettingNames.Described.SelectMany(setting => (string[])[$"  --{setting.Name} ", $"({setting.Otherwise})"])
                .Concat(["admin create --mobile", "demo "]),
            text => Assert.Contains(text, told, StringComparison.Ordinal));
        Assert.Empty(help.ErrorLines);
    }

    [Fact]
    public async Task Version_IsTold()
    {
        await using var mall = new Installation();
        var version = mall.Start(["--version"]);
        Assert.Equal(0, await version.ExitCodeAsync(s_endsWithin));
        Assert.Matches(@"^mall \d+\.\d+", Assert.Single(version.OutputLines));
    }

    [Fact]
    public async Task Demo_AtAnAddressWhereNobodyAnswers_SaysSoAndFillsNothing()
    {
        await using var mall = new Installation();
        var demo = mall.Start(["demo", "--http", $"127.0.0.1:{mall.HttpPort}"]);
        Assert.Equal(1, await demo.ExitCodeAsync(s_endsWithin));
        Assert.Contains($"{mall.HttpPort}", Assert.Single(demo.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(mall.Folder));
    }

    [Fact]
    public async Task Demo_ThatIsToldToStop_StopsAndSaysThatItIsNotDone()
    {
        await using var mall = new Installation();
        var demo = mall.Start(["demo", "--db", $"sqlite:{mall.File}"]);
        await TestMall.EventuallyAsync(() => HasAShopAsync(mall.File), "it has begun");
        demo.Terminate();
        var exitCode = await demo.ExitCodeAsync(s_endsWithin);
        Assert.True(exitCode == 1, $"Exit code {exitCode}.{Environment.NewLine}{demo.Tail()}");
        Assert.Contains("stop", Assert.Single(demo.ErrorLines), StringComparison.Ordinal);
    }

    private static async Task<bool> HasAShopAsync(string file)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        await using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from shops";
        try
        {
            await connection.OpenAsync();
            return (long)(await command.ExecuteScalarAsync())! > 0;
        }
        catch (SqliteException)
        {
            return false; // Neither file nor table is there yet.
        }
    }
}
