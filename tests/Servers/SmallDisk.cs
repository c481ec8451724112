namespace Mall.TestServers;

/// <summary>A disk of a few megabytes, in memory, that can be filled. Needs root and a system that lets it mount.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    public string Folder { get; } = TestFolder.Create("mall-disk-", LetGo).FullName;

    private string Filler => Path.Combine(Folder, "filler");

    /// <returns>Null where it cannot be mounted.</returns>
    public static async Task<SmallDisk?> TryMountAsync(int megabytes)
    {
        var disk = new SmallDisk();
        try
        {
            await Tool.RunAsync(
                ["mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=777", "tmpfs", disk.Folder], CancellationToken.None);
            return disk;
        }
        catch (Exception refused) when (refused is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            Directory.Delete(disk.Folder);
            return null;
        }
    }

    /// <summary>Leaves no room.</summary>
    public void Fill()
    {
        using var filler = File.Create(Filler);
        try
        {
            while (true) filler.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Free() => File.Delete(Filler);

    private static void LetGo(string folder) => Tool.TryRunAsync(["umount", "-l", folder]).GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        await Tool.TryRunAsync(["umount", "-l", Folder]);
        Directory.Delete(Folder, recursive: true);
    }
}
