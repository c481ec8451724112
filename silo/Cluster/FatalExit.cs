namespace Mall.Silo.Cluster;

/// <summary>
/// The end of a silo that must not go on: declared dead by the others, broken inside, or unable to commit while others can. It
/// ends at once, without a drain (its grains have other owners already), with a code that its supervisor restarts.
/// </summary>
internal sealed partial class FatalExit(
    IServiceProvider services, IHostApplicationLifetime lifetime, ILogger<FatalExit> logger) : IFatalErrorHandler
{
    public const int ExitCode = 75;

    public bool IsUnexpected(Exception exception) => exception is not OperationCanceledException;

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested)
        {
            // The others found that they cannot talk to it before it was one of them.
            Console.Error.WriteLine($"mall: {JoinFailure.Explain(services)}");
            Environment.Exit(1);
        }

        LogEnds(context, exception);

        // The log is written by a thread of its own that may not get there any more.
        Console.Error.WriteLine($"mall: this silo ends itself and is to be started again: {context} {exception?.Message}");
        Environment.Exit(ExitCode);
    }

    [LoggerMessage(5102, LogLevel.Critical, "This silo ends itself: {Context}")]
    private partial void LogEnds(string? context, Exception? exception);
}
