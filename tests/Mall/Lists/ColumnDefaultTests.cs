using System.Reflection;
using Mall.Ledger;
using Mall.Orders;
using Mall.Tests.Hosting;
using Mall.TestServers;

namespace Mall.Tests.Lists;

/// <summary>On MySQL an insert leaves out what all its rows have by default: the tables must have the defaults that columns are
/// declared with.</summary>
public sealed class ColumnDefaultTests
{
    private const string Database = "defaults";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Columns_that_are_inserted_have_the_defaults_that_they_are_declared_with()
    {
        if (DatabaseServer.WhyMissing(DatabaseKind.MariaDb) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(DatabaseKind.MariaDb);
        await using (await TestMall.OpenAsync(database: await server.CreateDatabaseAsync(Database, Cancel))) { }
        var stored = await server.RunSqlAsync(
            $"select table_name, column_name, column_default from information_schema.columns where table_schema = '{Database}'",
            Database, Cancel);
        var defaults = stored.Split('\n').Select(line => line.Split('\t'))
            .ToDictionary(cells => $"{cells[0]}.{cells[1]}", cells => cells[2]);

        var inserted = Inserts().SelectMany(shape => shape.Columns, (shape, one) => (shape.Table, one.Column)).ToHashSet();

        Assert.NotEmpty(inserted);
        Assert.All(inserted, of => Assert.Equal(
            of.Column.Default.IsNull ? "NULL" : $"{of.Column.Default}", defaults[$"{of.Table}.{of.Column}"]));
    }

    /// <summary>All shapes of inserts that the ledger and the grains have.</summary>
    private static IEnumerable<RowShape> Inserts() =>
        from assembly in (Assembly[])[typeof(RowShape).Assembly, typeof(OrderSagaKind).Assembly]
        from type in assembly.GetTypes()
        where !type.ContainsGenericParameters
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        where field.FieldType == typeof(RowShape)
        let shape = (RowShape)field.GetValue(null)!
        where shape.Operation == RowOperation.Insert
        select shape;
}
