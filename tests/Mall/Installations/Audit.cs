namespace Mall.Tests.Installations;

/// <summary>What to do with an auditor's findings.</summary>
public static class Audit
{
    private const int Shown = 30;

    /// <summary>Fails when there are any, with their number and the first of them, a line each.</summary>
    public static void Passes(IEnumerable<string> findings)
    {
        var found = findings.ToList();
        if (found.Count > 0)
            Assert.Fail(string.Join(Environment.NewLine, found.Take(Shown).Prepend($"{found.Count} findings:")));
    }
}
