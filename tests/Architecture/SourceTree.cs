namespace Mall.Architecture.Tests;

/// <summary>The files of this source tree, by paths from its root with forward slashes.</summary>
static class SourceTree
{
    static readonly string[] s_notOurs = [".git", "artifacts", "data", "node_modules", "bin", "obj", ".vs", ".idea", ".vscode"];

    static readonly string s_root = FindRoot();

    /// <summary>Every file that somebody wrote.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. Walk(s_root).Select(f => Path.GetRelativePath(s_root, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>The source files below the given folders, or all.</summary>
    public static IEnumerable<string> CSharp(params string[] folders) => Files
        .Where(f => f.EndsWith(".cs", StringComparison.Ordinal))
        .Where(f => folders.Length == 0 || folders.Any(folder => IsBelow(f, folder)));

    /// <summary>The project files.</summary>
    public static IEnumerable<string> Projects => Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Absolute(file));

    public static string[] Lines(string file) => File.ReadAllLines(Absolute(file));

    public static string Absolute(string file) => Path.Combine(s_root, file);

    static bool IsBelow(string file, string folder) => file.StartsWith(folder + "/", StringComparison.Ordinal);

    static IEnumerable<string> Walk(string folder) =>
        Directory.EnumerateFiles(folder).Concat(
            Directory.EnumerateDirectories(folder).Where(d => !s_notOurs.Contains(Path.GetFileName(d))).SelectMany(Walk));

    /// <summary>Build output lies below the root, so the root is above wherever the tests run.</summary>
    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mall.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No Mall.sln above {AppContext.BaseDirectory}.");
    }
}
