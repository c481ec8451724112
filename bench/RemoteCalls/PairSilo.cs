using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mall.Bench.RemoteCalls;

/// <summary>
/// One of the two silos: nothing but the runtime, with the transport that production has, over TCP and after a real handshake.
/// </summary>
static class PairSilo
{
    /// <summary>The other silo's process is this program, called like this, with both endpoints, its own first.</summary>
    public const string CommandName = "remote-calls-other";

    /// <summary>Where the other process finds the cluster's secret: command lines are for everybody to see.</summary>
    public const string SecretVariable = "BENCH_CLUSTER_SECRET";

    /// <summary>What the other process says when it can be called.</summary>
    public const string Ready = "ready";

    /// <param name="self">Where this silo listens.</param>
    /// <param name="first">Where the first of the two does.</param>
    /// <param name="second">And the second.</param>
    /// <param name="secret">The cluster's.</param>
    public static IHost Build(string self, string first, string second, string secret)
    {
        FigureCounter.Start();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging
            .AddSimpleConsole()
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Mall.Runtime.ClusterTransport", LogLevel.Error) // One of the two is always there before the other.
            .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
                console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton<IMembershipTable>(new PairTable(first, second));
        builder.UseMallRuntime(silo => silo.UseCluster(cluster => (cluster.Endpoint, cluster.Secret) = (self, secret)));
        return builder.Build();
    }

    /// <summary>The other process's command. Not for people.</summary>
    public static Command Command()
    {
        var endpoints = new Argument<string[]>("endpoints") { Arity = new ArgumentArity(2, 2) };
        var command = new Command(CommandName) { Hidden = true, Arguments = { endpoints } };
        command.SetAction(result => ServeAsync(result.GetRequiredValue(endpoints)));
        return command;
    }

    /// <summary>Serves until its input ends, and so not longer than the process that has started it.</summary>
    static async Task<int> ServeAsync(string[] endpoints)
    {
        var secret = Environment.GetEnvironmentVariable(SecretVariable) ?? "";
        using var host = Build(endpoints[0], endpoints[1], endpoints[0], secret);
        await host.StartAsync();
        await Console.Out.WriteLineAsync(Ready);
        using var input = new StreamReader(Console.OpenStandardInput()); // Console.In would block.
        await input.ReadToEndAsync();
        await host.StopAsync();
        return 0;
    }
}
