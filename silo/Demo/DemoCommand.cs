using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Mall.Silo.Demo;

/// <summary>
/// <c>demo [--db db | --http address]</c>: fills a mall with something to look at. The one that answers at <c>http</c>, if there
/// is one and no database is named; else one that it opens for that long, on the database, unless it was sent to that address.
/// </summary>
internal static class DemoCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddMallSettings(args).Build();
        var (isSent, isOnDatabase) = (Names("--http"), Names("--db"));
        if (isSent && isOnDatabase) throw new SettingsException("demo", "takes --http or --db, and not both");
        var address = MallSettings.Address(configuration, SettingNames.Http, "127.0.0.1:8080");
        using var door = Door($"http://{(address.Host == "*" ? "localhost" : address.Host)}:{address.Port}");
        var isOpen = !isOnDatabase && await AnswersAsync(door);
        if (isSent && !isOpen) throw new SettingsException(SettingNames.Http, $"no mall answers at {address}");
        foreach (var line in isOpen ? await FillAsync(door, default) : await OpenAndFillAsync(configuration))
            Console.WriteLine(line);
        return 0;

        bool Names(string option) =>
            args.Any(arg => arg == option || arg.StartsWith(option + "=", StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<string>> OpenAndFillAsync(IConfiguration configuration)
    {
        string[] doors = ["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"];
        await using var mall = MallHost.Build(configuration[SettingNames.Db] is { } db ? [.. doors, "--db", db] : doors);
        await mall.StartAsync();
        using var door = Door(
            mall.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        try
        {
            var lines = await FillAsync(door, mall.Lifetime.ApplicationStopping);
            return [.. lines, $"No mall was open; what there is now is in {Greeting.Data(MallSettings.Database(configuration))}"];
        }
        finally
        {
            await mall.StopAsync();
        }
    }

    private static async Task<IReadOnlyList<string>> FillAsync(HttpClient door, CancellationToken stop)
    {
        try
        {
            return await new DemoFill(door, stop).RunAsync();
        }
        catch (Exception e) when (stop.IsCancellationRequested
            && e is SettingsException or HttpRequestException or OperationCanceledException)
        {
            throw new SettingsException("demo", "was told to stop before it was done");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            throw new SettingsException("demo", $"the mall at {door.BaseAddress} has gone: {e.Message.TrimEnd('.')}");
        }
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
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
