using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Tests.Generator;

/// <summary>Each rule, once broken and the reason told.</summary>
public class DiagnosticTests
{
    private const string Message = "[Message] public sealed record M(int A);";

    [Theory]
    [InlineData("MALL0001", "[Message] public sealed record M { [Id(0)] public int A { get; set; } }")]
    [InlineData("MALL0001", "[Message] public record struct M(int A);")]
    [InlineData("MALL0002", "[Message] public sealed record M(List<int> A);")]
    [InlineData("MALL0002", "[Message] public sealed record M(int[] A);")]
    [InlineData("MALL0002", "[Message] public sealed record M(ImmutableArray<byte[]> A);")]
    [InlineData("MALL0002", "[Message] public sealed record M { [Id(0)] public Dictionary<string, int>? A { get; init; } }")]
    [InlineData("MALL0002", "[Message] public sealed record M(IList<int> A);")]
    [InlineData("MALL0003", "[GenerateSerializer] public sealed record M(int A);")]
    [InlineData("MALL0004", "public interface IG : IText { void F(); }")]
    [InlineData("MALL0004", "public interface IG : IText { int F(); }")]
    [InlineData("MALL0004", "public interface IG : IText { IAsyncEnumerable<int> F(); }")]
    [InlineData("MALL0005", "public interface IG : IText { Task F(List<int> a); }")]
    [InlineData("MALL0005", "public interface IG : IText { Task<int[]> F(); }")]
    [InlineData("MALL0006", "public interface IG : IText { Task F(ref int a); }")]
    [InlineData("MALL0006", "public interface IG : IText { Task F(out int a); }")]
    [InlineData("MALL0006", "public interface IG : IText { Task F(in int a); }")]
    [InlineData("MALL0007", "public interface IG : IText { Task F<T>(T a); }")]
    [InlineData("MALL0007", "public interface IG<T> : IGrainWithStringKey { Task F(T a); }")]
    [InlineData("MALL0008", "public interface IG : IText { Task F(object a); }")]
    [InlineData("MALL0008", "public interface IG : IText { Task<Version> F(); }")]
    [InlineData("MALL0008", "[Message] public sealed record M(Func<int> A);")]
    [InlineData("MALL0008", "[Message] public sealed record M(ImmutableArray<Type> A);")]
    [InlineData(
        "MALL0009", "[Message] public record M { [Id(0)] public int A { get; init; } [Id(0)] public int B { get; init; } }")]
    [InlineData("MALL0010", "[Message] public sealed record M(int A) { public int B { get; init; } }")]
    [InlineData("MALL0011", "[Message, Alias(\"m\")] public record struct M; [Message, Alias(\"m\")] public record struct N;")]
    [InlineData("MALL0012", "public interface IG : IText { [OneWay] Task<int> F(); }")]
    [InlineData("MALL0013", "public class C { private interface IG : IGrainWithStringKey { Task F(); } }")]
    [InlineData("MALL0013", "public class C { [Message] private sealed record M(int A); }")]
    [InlineData("MALL0014", "public interface IG : IText { Task F(CancellationToken token, int a); }")]
    [InlineData("MALL0015", "public interface IG : IText { int A { get; } }")]
    [InlineData("MALL0015", "public interface IG : IText { event Action A; }")]
    [InlineData("MALL0016", "[Message] public sealed class M { public M(int a) => A = a; [Id(0)] public int A { get; init; } }")]
    [InlineData("MALL0016", "[Message] public sealed record M { [Id(0)] public int A { get; } }")]
    [InlineData("MALL0017", "public abstract record B(int A); [Message] public sealed record M(int A) : B(A);")]
    [InlineData("MALL0018", "public interface IG : IText { [Alias(\"f\")] Task F(); [Alias(\"f\")] Task G(); }")]
    public async Task Build_WhenARuleIsBroken_SaysWhich(string rule, string source)
    {
        var diagnostics = await Compiler.Diagnose(source);
        Assert.Contains(diagnostics, d => d.StartsWith(rule, StringComparison.Ordinal));
        // Nothing is generated that would bury the reason under errors of its own.
        Assert.DoesNotContain(diagnostics, d => d.StartsWith("CS", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Message)]
    [InlineData("public interface IG : IGrainWithGuidKey { Task A(); Task<int> B(string? a); ValueTask C(Uri u); }")]
    [InlineData("public interface IG : IText { ValueTask<(int, string?)> D(CancellationToken token); }")]
    [InlineData("public interface IB : IGrain { Task F(); } public interface IG : IB, IText { Task G(); }"
        + "public class G : Grain, IG { public Task F() => null!; Task IG.G() => null!; }")]
    [InlineData("public interface IPart { Task F(int a); } public interface IG : IPart, IGrainWithStringKey;")]
    [InlineData("public interface IG : IText { Task F(int a); Task F(long a); Task F(string @class, int? @event = null); }")]
    [InlineData("public interface IG : IText { Task F(int a); static int Zero => 0; Task Twice() => F(2); }")]
    [InlineData("namespace A.B { public static class Outer { " + Message
        + " public interface IG : IText { Task<M> F(M m, ImmutableArray<M?> all); } } }")]
    [InlineData("[Message] public sealed record R<T>(T? Value, int Code) where T : class;"
        + "public interface IG : IText { Task<R<string>> F(R<R<string>> r); }")]
    [InlineData("[Message] public abstract record E; [Message] public sealed record F(int A) : E;"
        + "[Message] public sealed record G(int A) : E { public int Twice => A * 2; }")]
    [InlineData("[Message] public sealed class C { [Id(0)] public required int A { get; init; } }")]
    [InlineData("[Message] public sealed record N(N? Next, ImmutableArray<N> All) { public int Depth { get; } = 1; }")]
    [InlineData("#pragma warning disable MALL0005\npublic interface IG : IText { Task<int[]> F(); }")]
    [InlineData("internal enum E { A } internal interface IG : IGrainWithIntegerKey { [AlwaysInterleave] Task<E?> F(E e); }")]
    public async Task Build_WhenTheRulesAreKept_SaysNothing(string source) => Assert.Empty(await Compiler.Diagnose(source));

    [Fact]
    public void Rerun_AfterAnUnrelatedChange_GeneratesNothingAnew()
    {
        var reasons = Compiler.RerunAfterUnrelatedChange(Message + "public interface IG : IText { Task<M> F(M m); }"
            + "public class G : Grain, IG { public Task<M> F(M m) => Task.FromResult(m); }");
        Assert.NotEmpty(reasons);
        Assert.DoesNotContain(reasons, r => r is IncrementalStepRunReason.New or IncrementalStepRunReason.Modified);
    }

    [Fact]
    public void MethodIds_DependOnNamesAlone_AndAliasesKeepThem()
    {
        var before = Ids("[Alias(\"g\")] public interface IG : IText { [Alias(\"f\")] Task F(int a); Task H(int a); }");
        var after = Ids("namespace B { [Alias(\"g\")] public interface IRenamed : IText"
            + "{ Task H(int other); Task New(); [Alias(\"f\")] Task FRenamed(int a, int b); } }");
        Assert.Equal(before.Order(), after.Intersect(before).Order());

        static IEnumerable<string> Ids(string source) => Compiler.Sources(source).Values
            .SelectMany(text => Regex.Matches(text, "0x[0-9a-f]{16}UL").Select(m => m.Value))
            .Distinct();
    }
}
