using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Mall.Tests.Hosting;

/// <summary>Keeps what a mall logs as warnings and worse, for tests that say there was nothing, or what there was.</summary>
public sealed class LogBook : ILoggerProvider
{
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel"; // Its clock's, and that of nothing that it serves.

    private readonly ConcurrentQueue<(LogLevel Level, string Category, string Line)> _entries = new();

    public IReadOnlyList<string> Errors =>
        [.. from entry in _entries where entry.Level >= LogLevel.Error select entry.Line];

    /// <summary>All of them, errors too.</summary>
    public IReadOnlyList<string> Warnings => [.. from entry in _entries select entry.Line];

    /// <summary>
    /// The same, but for what a machine without time draws: Kestrel warns that its clock is late, Orleans that a silo is slow.
    /// </summary>
    public IReadOnlyList<string> WarningsOfTheMall =>
    [
        .. from entry in _entries
           where entry.Level >= LogLevel.Error
               || (entry.Category != Kestrel && !entry.Category.StartsWith("Orleans.", StringComparison.Ordinal))
           select $"{entry.Category}: {entry.Line}",
    ];

    public ILogger CreateLogger(string categoryName) => new Page(categoryName, _entries);

    public void Dispose() { }

    private sealed class Page(string category, ConcurrentQueue<(LogLevel, string, string)> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                entries.Enqueue((logLevel, category, $"{formatter(state, exception)} {exception}"));
        }
    }
}
