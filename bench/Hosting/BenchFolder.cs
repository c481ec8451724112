using Mall.Bench.Reporting;

namespace Mall.Bench.Hosting;

/// <summary>A fresh folder for a benchmark's database files, removed at the end.</summary>
sealed class BenchFolder : IDisposable
{
    BenchFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>The file system it is on, as the operating system calls it.</summary>
    public string FileSystem => new DriveInfo(Path).DriveFormat;

    /// <summary>
    /// Makes one below the given folder. Says so when it lies in memory: there a sync costs nothing, and a figure called
    /// durable would be a lie.
    /// </summary>
    public static BenchFolder CreateBelow(string parent, ProgressDisplay display)
    {
        var path = System.IO.Path.Combine(parent, $"bench-{Environment.ProcessId}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(path);
        var folder = new BenchFolder(path);
        if (folder.FileSystem is "tmpfs" or "ramfs")
            display.Say($"Attention: {path} lies in memory ({folder.FileSystem}), so nothing there is durable. See --folder.");
        return folder;
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
