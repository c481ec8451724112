namespace Mall.Simulation;

/// <summary>
/// Promises that the mall does not keep yet, each with the sentences in which a run complains of it. Whoever mends one takes it
/// out here, and from then on it is a failure like any other.
/// </summary>
public static class KnownFailures
{
    private static readonly (string Name, Func<string, bool> IsIt)[] s_known =
    [
    ];

    /// <summary>Null for what nobody expects.</summary>
    public static string? NameOf(string failure) => Array.Find(s_known, known => known.IsIt(failure)).Name;
}
