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
    [InlineData("mysql://user:secret@host/db?ssl=1", "something after")]
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
