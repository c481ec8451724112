using System.Collections.Concurrent;
using System.Globalization;

namespace Mall.TestServers;

/// <summary>Folders that tests fill. What a process that was killed has left behind, the next one removes.</summary>
public static class TestFolder
{
    private static readonly ConcurrentDictionary<string, Lazy<int>> s_swept = [];

    /// <summary>A new one, which its owner removes.</summary>
    /// <param name="prefix">Of its name, which then goes on with the number of this process.</param>
    /// <param name="letGo">What is done to a folder that was left behind before it is removed.</param>
    public static DirectoryInfo Create(string prefix, Action<string>? letGo = null)
    {
        _ = s_swept.GetOrAdd(prefix, name => new Lazy<int>(() => Sweep(name, letGo))).Value;
        return Directory.CreateTempSubdirectory($"{prefix}{Environment.ProcessId}-");
    }

    private static int Sweep(string prefix, Action<string>? letGo)
    {
        var removed = 0;
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), prefix + "*"))
        {
            var owner = Path.GetFileName(folder)[prefix.Length..].Split('-')[0];
            if (!int.TryParse(owner, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || Directory.Exists($"/proc/{id}"))
                continue;
            try
            {
                letGo?.Invoke(folder);
                Directory.Delete(folder, recursive: true);
                removed++;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Another process is removing it, too, or another user owns it.
            }
        }

        return removed;
    }
}
