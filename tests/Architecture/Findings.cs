using System.Text.RegularExpressions;

namespace Mall.Architecture.Tests;

/// <summary>Places in the source that a rule forbids, as one can click on them.</summary>
static class Findings
{
    /// <summary>Fails with all of them, a line each, when there is one.</summary>
    public static void AssertNone(IEnumerable<string> findings)
    {
        var found = findings.ToList();
        if (found.Count > 0)
            Assert.Fail(string.Join(Environment.NewLine, found.Prepend($"{found.Count} found:")));
    }

    /// <summary>Every line of the files that the pattern matches, as <c>file:line: text</c>.</summary>
    public static List<string> Of(Regex pattern, IEnumerable<string> files) =>
    [
        .. from file in files
           from line in SourceTree.Lines(file).Index()
           where pattern.IsMatch(line.Item)
           select $"{file}:{line.Index + 1}: {line.Item.Trim()}",
    ];
}
