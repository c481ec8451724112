namespace Mall.Bench.Hosting;

/// <summary>A build of the mall that is measured.</summary>
/// <param name="Suffix">What is added to the names of its measurements: nothing where there is one build only.</param>
/// <param name="Program">The path of <c>Mall.Silo.dll</c>.</param>
/// <param name="Settings"><c>MALL_NAME=value</c>, beside those that every mall is given.</param>
sealed record MallBuild(string Suffix, string Program, params string[] Settings)
{
    const string Other = " (versus)";

    static readonly Option<FileInfo> s_mall = Existing(
        "--mall", "The Mall.Silo.dll that is measured, in place of the one that was built with this tool.");
    static readonly Option<FileInfo> s_versus = Existing(
        "--versus", "Another Mall.Silo.dll, an older one perhaps, that takes turns with it.");

    /// <summary>The one that was built with this tool.</summary>
    public static MallBuild Own { get; } = new("", Path.Combine(AppContext.BaseDirectory, "Mall.Silo.dll"));

    public static IEnumerable<Option> Options => [s_mall, s_versus];

    /// <summary>The builds in the order of their turns: the other one, if there is one, first.</summary>
    public static IReadOnlyList<MallBuild> Of(ParseResult options)
    {
        var own = options.GetValue(s_mall) is { } mall ? new MallBuild("", mall.FullName) : Own;
        return options.GetValue(s_versus) is { } other ? [new MallBuild(Other, other.FullName), own] : [own];
    }

    /// <summary>This build as it is, and with these settings.</summary>
    public IReadOnlyList<MallBuild> With(string[] settings) => [this with { Suffix = Other }, this with { Settings = settings }];

    /// <summary>The measurements, and after them how many times the other build's figures those of this one are.</summary>
    public static IEnumerable<Measurement> WithRatios(IReadOnlyList<Measurement> measured, params string[] metrics) =>
    [
        .. measured,
        .. from one in measured
           from other in measured
           where other.Name == one.Name + Other
           select one.ComparedWith(other, metrics),
    ];

    static Option<FileInfo> Existing(string name, string description) =>
        new Option<FileInfo>(name) { Description = description }.AcceptExistingOnly();
}
