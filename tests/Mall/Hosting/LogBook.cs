using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Mall.Tests.Hosting;

/// <summary>Keeps what a mall logs as warnings and worse, for tests that say there was nothing, or what there was.</summary>
public sealed class LogBook : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Line)> _entries = new();

    public IReadOnlyList<string> Errors =>
        [.. from entry in _entries where entry.Level >= LogLevel.Error select entry.Line];

    /// <summary>All of them, errors too.</summary>
    public IReadOnlyList<string> Warnings => [.. from entry in _entries select entry.Line];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            _entries.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));
    }

    public void Dispose() { }
}
