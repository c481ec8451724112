using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public sealed class RowShapeTests
{
    [Fact]
    public void With_TakesAValueAColumn() =>
        Assert.Throws<ArgumentException>(() => SetSetting.With("name"));

    // Sums are made in the committer, which many others wait for.
    [Fact]
    public void With_HasANumberForWhatIsAddedTo() => Assert.All(
        (Value[])[Value.Null, "1"],
        nothing => Assert.Contains("stock", Assert.Throws<ArgumentException>(() => AddStock.With(1, 1, nothing, 1)).Message));
}
