using System.Runtime.InteropServices;
using Mall.TestServers;

// A server for scripts: prints the address of an empty database, and serves until its input ends or it is told to stop.
if (args is not [var name, .. var rest] || rest.Length > 1 || !Enum.TryParse<DatabaseKind>(name, ignoreCase: true, out var kind))
{
    await Console.Error.WriteLineAsync("Usage: Mall.TestServers postgres|mariadb [database]");
    return 2;
}

if (DatabaseServer.WhyMissing(kind) is { } reason)
{
    await Console.Error.WriteLineAsync(reason);
    return 1;
}

var stop = new TaskCompletionSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
await using var server = await DatabaseServer.StartAsync(kind);
Console.WriteLine(await server.CreateDatabaseAsync(rest is [var database] ? database : "mall"));
using var input = new StreamReader(Console.OpenStandardInput()); // Console.In would block.
await Task.WhenAny(Task.Run(input.ReadToEnd), stop.Task);
return 0;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.TrySetResult();
}
