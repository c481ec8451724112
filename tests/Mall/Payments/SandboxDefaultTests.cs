using Mall.Silo.Settings;
using Microsoft.Extensions.Configuration;

namespace Mall.Tests.Payments;

/// <summary>A sandbox calls orders paid at anybody's wish: it is the default only where nobody from elsewhere comes.</summary>
public sealed class SandboxDefaultTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(true, "http", "127.0.0.1:8080", "silo", "[::1]:7000")]
    [InlineData(true, "public-url", "http://localhost:8080")]
    [InlineData(false, "http", "*:8080")]
    [InlineData(false, "grpc", "0.0.0.0:8081")]
    [InlineData(false, "silo", "10.0.0.1:7000")]
    [InlineData(false, "trusted-proxies", "127.0.0.1/32")]
    [InlineData(false, "public-url", "https://shop.example")]
    public void Sandbox_IsTheDefault_WhereNobodyFromElsewhereComes(bool isThere, params string[] settings)
    {
        var given = settings.Chunk(2).ToDictionary(pair => pair[0], string? (pair) => pair[1]);
        var payments = PaymentSettings.From(new ConfigurationBuilder().AddInMemoryCollection(given).Build());
        Assert.Equal(isThere, payments.IsSandbox);
    }
}
