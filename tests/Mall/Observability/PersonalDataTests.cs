using System.Collections.Concurrent;
using System.Net;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mall.Tests.Observability;

/// <summary>A log tells nobody by what a customer is reached or lets themselves in, however much it is told to say.</summary>
public sealed class PersonalDataTests
{
    private const string Mobile = "+4915112345678";
    private const string Password = "correct horse battery";

    [Fact]
    public async Task Log_AtItsMostTalkative_HasNoMobile_NoPassword_AndNoToken()
    {
        var log = new WholeLog();
        await using var mall = await WholeMall.OpenAsync(services => services
            .AddSingleton<ILoggerProvider>(log)
            .Configure<LoggerFilterOptions>(filter =>
            {
                filter.MinLevel = LogLevel.Trace;
                filter.Rules.Clear();
            }));
        const string credentials = $$"""{"mobile":"{{Mobile}}","password":"{{Password}}","name":"Ada"}""";
        const string signIn = $$"""{"mobile":"{{Mobile}}","password":"{{Password}}"}""";
        await mall.SendAsync("POST", "/v1/users", credentials, key: "r");
        await mall.SendAsync("POST", "/v1/users", credentials, key: "r");
        await mall.SendAsync("POST", "/v1/users", credentials);
        await mall.SendAsync("POST", "/v1/users", credentials.Replace("\"Ada\"", "1", StringComparison.Ordinal));
        var session = (await mall.SendAsync("POST", "/v1/sessions", signIn)).Json;
        var (access, refresh) =
            (session.GetProperty("accessToken").GetString()!, session.GetProperty("refreshToken").GetString()!);
        await mall.SendAsync("GET", "/v1/users/me", token: access);
        await mall.SendAsync("GET", "/v1/users/me", token: access + "x");
        await mall.SendAsync("POST", "/v1/sessions/refresh", $$"""{"refreshToken":"{{refresh}}"}""");
        await mall.CallAsync("/mall.v1.Users/Login", new V1.LoginRequest { Mobile = Mobile, Password = Password }, null);
        await mall.SendAsync("POST", "/api/user/login", signIn);
        await mall.SendAsync("POST", "/api/user/userinfo", "{}", access);
        Answer refused;
        do refused = await mall.SendAsync("POST", "/v1/sessions", signIn.Replace("horse", "donkey", StringComparison.Ordinal));
        while (refused.Status != HttpStatusCode.TooManyRequests);

        Assert.Contains(log.Lines, line => line.Contains("/v1/sessions", StringComparison.Ordinal)); // It has said something.
        foreach (var secret in new[] { "15112345678", "horse battery", "donkey battery", access[^43..], refresh[12..] })
            Assert.DoesNotContain(log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    private sealed class WholeLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
