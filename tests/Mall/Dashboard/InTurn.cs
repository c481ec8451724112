using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Mall.Tests.Dashboard;

/// <summary>The place of a test, or of a class of tests, among those that share a cluster; those that have none begin.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class TurnAttribute(int number) : Attribute
{
    public int Number => number;
}

/// <summary>
/// Those that need the refunds parked, or kill silos, which waits for that, come last: others run in the half minute until then.
/// </summary>
public sealed class InTurn : ITestClassOrderer, ITestMethodOrderer
{
    public IReadOnlyCollection<TTestClass?> OrderTestClasses<TTestClass>(IReadOnlyCollection<TTestClass?> testClasses)
        where TTestClass : notnull, ITestClass => [.. testClasses.OrderBy(one => TurnOf((one as IXunitTestClass)?.Class))];

    public IReadOnlyCollection<TTestMethod?> OrderTestMethods<TTestMethod>(IReadOnlyCollection<TTestMethod?> testMethods)
        where TTestMethod : notnull, ITestMethod =>
        [.. testMethods.OrderBy(one => TurnOf((one as IXunitTestMethod)?.Method))];

    private static int TurnOf(MemberInfo? member) => member?.GetCustomAttribute<TurnAttribute>()?.Number ?? 0;
}
