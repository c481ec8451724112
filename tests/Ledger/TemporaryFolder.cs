using Mall.TestServers;

namespace Mall.Ledger.Tests;

/// <summary>A folder for one test's files, removed with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = TestFolder.Create("mall-ledger-").FullName;

    public string File(string name) => Path.Combine(_path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(_path, recursive: true);
        }
        catch (IOException)
        {
            // A reader that a test left open; the system's own cleaning gets it.
        }
    }
}
