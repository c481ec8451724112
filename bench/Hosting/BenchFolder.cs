namespace Mall.Bench.Hosting;

/// <summary>A fresh folder for a benchmark's database files, removed at the end.</summary>
sealed class BenchFolder : IDisposable
{
    readonly string _path;
    int _files;

    /// <summary>
    /// Makes one below the given folder. Says so when it lies in memory: there a sync costs nothing, and a figure called
    /// durable would be a lie.
    /// </summary>
    public BenchFolder(string parent)
    {
        _path = Path.GetFullPath(Path.Combine(parent, $"bench-{Environment.ProcessId}-{Guid.NewGuid():N}"));
        Directory.CreateDirectory(_path);
        if (FileSystem is "tmpfs" or "ramfs")
            Console.Error.WriteLine($"Attention: {_path} lies in memory ({FileSystem}), so nothing there is durable.");
    }

    /// <summary>The file system it is on, as the operating system calls it.</summary>
    public string FileSystem => new DriveInfo(_path).DriveFormat;

    /// <summary>The path of a database that is not there yet.</summary>
    public string NewFile() => Path.Combine(_path, $"{Interlocked.Increment(ref _files)}.db");

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
