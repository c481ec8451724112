using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Mall.Silo.Demo;

/// <summary>
/// <c>demo [--db db | --http address]</c>: fills an empty mall with something to look at. The one that answers at <c>http</c>, if
/// there is one and no database is named; else one that it opens for that long, on the database.
/// </summary>
internal static class DemoCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddMallSettings(args).Build();
        using var door = Door($"http://{configuration[SettingNames.Http] ?? "127.0.0.1:8080"}");
        var isOpen = !args.Any(arg => arg.StartsWith("--db", StringComparison.Ordinal)) && await AnswersAsync(door);
        var lines = isOpen ? await new DemoFill(door).RunAsync() : await OpenAndFillAsync(configuration);
        foreach (var line in lines) Console.WriteLine(line);
        return 0;
    }

    private static async Task<IReadOnlyList<string>> OpenAndFillAsync(IConfiguration configuration)
    {
        string[] doors = ["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"];
        await using var mall = MallHost.Build(configuration[SettingNames.Db] is { } db ? [.. doors, "--db", db] : doors);
        await mall.StartAsync();
        using var door = Door(
            mall.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var lines = await new DemoFill(door).RunAsync();
        await mall.StopAsync();
        return lines;
    }

    private static HttpClient Door(string address) =>
        new() { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(30) };

    private static async Task<bool> AnswersAsync(HttpClient door)
    {
        try
        {
            using var ready = await door.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return ready.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
