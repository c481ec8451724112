using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

public sealed class StoreAddressTests
{
    [Fact]
    public void Sqlite_IsAPath()
    {
        var address = StoreAddress.Parse("sqlite:data/mall.db");
        Assert.Equal((StoreKind.Sqlite, "data/mall.db", false), (address.Kind, address.Path, address.IsInMemory));
        Assert.True(StoreAddress.Parse("sqlite::memory:").IsInMemory);
    }

    [Theory]
    [InlineData("postgres://mall:p%40ss:w@db.example:6000/mall", StoreKind.Postgres, "db.example", 6000, "mall", "p@ss:w")]
    [InlineData("postgres://mall@localhost/mall", StoreKind.Postgres, "localhost", 5432, "mall", "")]
    [InlineData("mysql://mall:x@[::1]/mall", StoreKind.MySql, "[::1]", 3306, "mall", "x")]
    public void Servers_HaveHostUserAndDatabase(string text, StoreKind kind, string host, int port, string database,
        string password)
    {
        var address = StoreAddress.Parse(text);
        Assert.Equal((kind, host, port, database, "mall", password),
            (address.Kind, address.Host, address.Port, address.Database, address.User, address.Password));
    }

    [Theory]
    [InlineData("postgres://mall@db/mall?sslmode=require", "SSL Mode=Require")]
    [InlineData("postgres://mall@db/mall?sslmode=verify-full&Root%20Certificate=/etc/ca.pem",
        "SSL Mode=VerifyFull;Root Certificate=/etc/ca.pem")]
    [InlineData("mysql://mall@db/mall?SslMode=VerifyCA&sslca=/etc/ca.pem", "SSL Mode=VerifyCA;SSL CA=/etc/ca.pem")]
    [InlineData("mysql://mall@db/mall?sslmode=require", "SSL Mode=Required")]
    [InlineData("mysql://mall@db/mall?", "")]
    public void Options_AreTheDriversOwn(string text, string options) => Assert.Equal(options, StoreAddress.Parse(text).Options);

    [Fact]
    public void Password_IsNeverPrinted() =>
        Assert.Equal("postgres://mall@db:5432/shop", StoreAddress.Parse("postgres://mall:secret@db/shop").ToString());

    [Theory]
    [InlineData("", "has no kind")]
    [InlineData("data/mall.db", "has no kind")]
    [InlineData("oracle://secret@host/db", "'oracle', which is none of")]
    [InlineData("sqlite:", "names no file")]
    [InlineData("sqlite: ", "names no file")]
    [InlineData("postgres:secret", "is not of the form")]
    [InlineData("postgres://user:secret@host", "names no database")]
    [InlineData("postgres://user:secret@host/a/b", "names no database")]
    [InlineData("postgres://host/db", "names no user")]
    [InlineData("mysql://user:secret@host/db#x", "something after")]
    [InlineData("mysql://user:secret@host/db?ssl-level=secret", "the option 'ssl-level', and the driver does not know it")]
    [InlineData("postgres://user:secret@host/db?sslmode", "the option 'sslmode', and")]
    [InlineData("postgres://user:secret@host/db?sslmode=secret", "the option 'sslmode', and")]
    [InlineData("postgres://user:secret@host/db?sslmode=7", "the option 'sslmode', and")]
    [InlineData("mysql://user:secret@host/db?sslmode=", "the option 'sslmode', and")]
    [InlineData("mysql://user:secret@host/db?pooling=maybe", "the option 'pooling', and")]
    [InlineData("postgres://user:secret@host/db?sslmode=require&SSL%20Mode=disable", "the option 'SSL Mode' twice")]
    [InlineData("postgres://user:secret@host/db?host=secret", "the option 'Host', which the mall sets itself")]
    [InlineData("postgres://user:secret@host/db?options=-c%20secret", "the option 'Options', which the mall sets itself")]
    [InlineData("mysql://user:secret@host/db?useaffectedrows=true", "the option 'Use Affected Rows', which the mall sets itself")]
    [InlineData("sqlite:data/mall.db?mode=secret", "has options")]
    [InlineData("sqlite://data/secret.db", "names a host")]
    [InlineData("mysql://user:secret@host:99999/db", "is not of the form")]
    public void Nonsense_IsRefused_InOneLine_WithoutThePassword(string text, string because)
    {
        var message = Assert.Throws<LedgerStartException>(() => StoreAddress.Parse(text)).Message;
        Assert.StartsWith("db: ", message, StringComparison.Ordinal);
        Assert.Contains(because, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
