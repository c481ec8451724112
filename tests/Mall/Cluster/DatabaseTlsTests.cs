using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mall.Ledger;
using Mall.Ledger.Stores;
using Mall.Tests.Hosting;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>What stands after the question mark of <c>db</c> reaches the driver, of every session of the mall.</summary>
public sealed class DatabaseTlsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseKind.Postgres, "sslmode=require")]
    [InlineData(DatabaseKind.MariaDb, "sslmode=required")]
    public async Task Start_OnAServerWithoutTls_IsRefusedWhenTlsIsRequired(DatabaseKind kind, string option)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(kind);
        var address = await server.CreateDatabaseAsync("tls_required", Cancel);
        var options = new LedgerOptions { Address = StoreAddress.Parse($"{address}?{option}"), StartTimeout = TimeSpan.Zero };
        await using var store = LedgerServices.StoreAt(options, TimeProvider.System);

        var refusal = await Assert.ThrowsAsync<LedgerStartException>(() => store.OpenAsync(Cancel));
        Assert.Contains("SSL", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_AreEncrypted_WhenTlsIsRequired()
    {
        if (DatabaseServer.WhyMissing(DatabaseKind.Postgres) is { } reason) Assert.Skip(reason);
        await using var server = await DatabaseServer.StartAsync(DatabaseKind.Postgres, Cancel);
        var address = await server.CreateDatabaseAsync("mall", Cancel);
        await ServeTlsAsync(server);
        await using var mall = await WholeMall.OpenInTwoAsync($"{address}?sslmode=require");
        var (_, token) = await mall.RegisterAsync("13800000001");
        Assert.NotNull(token);

        var sessions = await server.RunSqlAsync(
            """
            select distinct left(application_name, 8), s.ssl from pg_stat_activity a join pg_stat_ssl s using (pid)
            where application_name like 'mall%' order by 1
            """, cancellationToken: Cancel);
        Assert.Equal("mall\tt\nmall-com\tt\nmall-orl\tt", sessions);
    }

    private static async Task ServeTlsAsync(DatabaseServer server)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        (string, string)[] files = [("crt", certificate.ExportCertificatePem()), ("key", key.ExportPkcs8PrivateKeyPem())];
        foreach (var (file, pem) in files)
        {
            // In its data folder, as a file of its own that nobody else may read.
            await server.RunSqlAsync(
                $"copy (select '{pem}') to program $$umask 77; sed 's/\\\\n/\\n/g' > server.{file}$$", cancellationToken: Cancel);
        }

        await server.RunSqlAsync("alter system set ssl = on; select pg_reload_conf()", cancellationToken: Cancel);
    }
}
