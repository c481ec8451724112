using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mall.Architecture.Tests;

/// <summary>What of the style a machine can see. Past these limits there are two things in one.</summary>
public sealed partial class StyleTests
{
    const int LongestFile = 400;
    const int LongestMethod = 70;
    const int WidestLine = 130;

    static readonly string[] s_text =
        [".cs", ".csproj", ".props", ".targets", ".sql", ".proto", ".md", ".yml", ".yaml", ".json", ".sh", ".js"];

    /// <summary>Words that promise work. Spelled so that this file does not find itself.</summary>
    [GeneratedRegex(@"\b(TOD[O]|FIXM[E]|HAC[K]|XX[X])\b|throw new NotImplemented[E]xception|\bSkip\s*=\s*""")]
    private static partial Regex Unfinished { get; }

    /// <summary>A place on somebody's machine.</summary>
    [GeneratedRegex(@"(?<![\w./-])/(wor[k]|hom[e]|User[s]|roo[t])/|\b[A-Z]:\\\\?\w")]
    private static partial Regex AbsolutePath { get; }

    /// <summary>The project speaks of itself alone, and of what it is now.</summary>
    [GeneratedRegex(@"\bMall\.Runtim[e]\b|(?<!orleans )\b(issue|pull request|PR) #\d+")]
    private static partial Regex OfSomethingElse { get; }

    [GeneratedRegex(@"(^|/)(Helpers?|Commons?|Utils?|Utilities|Misc)(/|\.|$)", RegexOptions.IgnoreCase)]
    private static partial Regex NamelessFolder { get; }

    [GeneratedRegex(@"\[LoggerMessage\((\d+)")]
    private static partial Regex LogEvent { get; }

    static IEnumerable<string> TextFiles => SourceTree.Files.Where(f => s_text.Contains(Path.GetExtension(f)));

    [Fact]
    public void Files_AreAtMost400Lines() =>
        Findings.AssertNone(SourceTree.CSharp().Where(f => SourceTree.Lines(f).Length > LongestFile));

    [Fact]
    public void Methods_AreAtMost70Lines()
    {
        var tooLong =
            from file in SourceTree.CSharp()
            let root = CSharpSyntaxTree.ParseText(SourceTree.Read(file)).GetRoot()
            from method in root.DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
            let lines = LinesOf(method)
            where lines > LongestMethod
            select $"{file}: {NameOf(method)}, {lines} lines";

        Findings.AssertNone(tooLong);
    }

    [Fact]
    public void LogEvents_HaveEachAnIdOfTheirOwn() => Findings.AssertNone(
        from file in SourceTree.CSharp("ledger", "grains", "api", "silo")
        from Match log in LogEvent.Matches(SourceTree.Read(file))
        group file by log.Groups[1].Value into alike
        where alike.Count() > 1
        select $"{alike.Key} is logged by {string.Join(" and ", alike)}");

    [Fact]
    public void Lines_AreAtMost130ColumnsWide()
    {
        var tooWide =
            from file in SourceTree.CSharp()
            from line in SourceTree.Lines(file).Index()
            where line.Item.Length > WidestLine
            select $"{file}:{line.Index + 1}: {line.Item.Length} columns";

        Findings.AssertNone(tooWide);
    }

    [Fact]
    public void Nothing_IsLeftUnfinished() => Findings.AssertNone(Findings.Of(Unfinished, TextFiles));

    [Fact]
    public void Nothing_NamesAPlaceOnAMachine() => Findings.AssertNone(Findings.Of(AbsolutePath, TextFiles));

    [Fact]
    public void Nothing_SpeaksOfSomethingElse() => Findings.AssertNone(Findings.Of(OfSomethingElse, TextFiles));

    [Fact]
    public void Folders_AreNamedAfterWhatTheyDo() =>
        Findings.AssertNone(SourceTree.CSharp().Where(f => NamelessFolder.IsMatch(f)));

    /// <summary>From the name to the end: documentation and attributes do not make a method longer.</summary>
    static int LinesOf(BaseMethodDeclarationSyntax method)
    {
        var lines = method.SyntaxTree;
        var first = lines.GetLineSpan(method.ParameterList.Span).StartLinePosition.Line;
        return lines.GetLineSpan(method.Span).EndLinePosition.Line - first + 1;
    }

    static string NameOf(BaseMethodDeclarationSyntax method) =>
        (method as MethodDeclarationSyntax)?.Identifier.Text ?? method.Kind().ToString();
}
