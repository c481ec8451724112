namespace Mall.Ledger.Tests;

public sealed class PostgresFaultTests(PostgresFaultServer server) : ServerFaultTests(server), IClassFixture<PostgresFaultServer>;

public sealed class MariaDbFaultTests(MariaDbFaultServer server) : ServerFaultTests(server), IClassFixture<MariaDbFaultServer>;
