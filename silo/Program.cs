using System.Data.Common;
using Mall.Silo;
using Mall.Silo.Admin;
using Mall.Silo.Demo;
using Microsoft.AspNetCore.Connections;

// One process of the mall: a command, or the server.
if (Help.IsWanted(args) || args is ["--version"])
{
    Console.WriteLine(Help.IsWanted(args) ? Help.Text : Help.Version);
    return 0;
}

try
{
    if (args is ["admin", .. var admin]) return await AdminCommand.RunAsync(admin);
    if (args is ["demo", .. var demo]) return await DemoCommand.RunAsync(demo);

    using var impatience = SecondSignal.EndsAtOnce(); // Of a start, too: one that joins a cluster may be long in ending.
    await using var mall = MallHost.Build(args);
    try
    {
        await mall.StartAsync();
    }
    catch (Exception e) when (mall.Lifetime.ApplicationStopping.IsCancellationRequested
        && e is OperationCanceledException or OrleansException or DbException or LedgerStartException)
    {
        return 0; // Told to stop while it waited, for its database perhaps, or tried again: there is nothing to drain.
    }
    catch (OrleansException e) when (e is not SiloUnavailableException)
    {
        await Console.Error.WriteLineAsync($"mall: {JoinFailure.Explain(mall.Services)}");
        return 1;
    }
    catch (DbException e)
    {
        await Console.Error.WriteLineAsync($"mall: db: {e.Message}"); // It was there, and went while the silo joined.
        return 1;
    }
    catch (Exception e) when (e is SocketException or IOException { InnerException: AddressInUseException })
    {
        // One was free when the start began, or looked so. The silo may have joined, and leaves in order; what runs beside it
        // ends without a word.
        await mall.StopAsync();
        await Console.Error.WriteLineAsync($"mall: http, grpc, dtm or dtm-grpc: {e.Message}");
        return 1;
    }

    Greeting.Print(mall);
    await mall.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (e is SettingsException or LedgerStartException)
{
    // What the operator can mend is told in one line; anything else is a bug, and its stack is wanted.
    await Console.Error.WriteLineAsync($"mall: {e.Message}");
    return 1;
}
