using System.Diagnostics;
using Mall.Bench.Hosting;

namespace Mall.Bench.RemoteCalls;

/// <summary>The process of the other silo. Ends with this object, and with this process at the latest.</summary>
sealed class OtherProcess : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly Process _process;

    OtherProcess(Process process) => _process = process;

    /// <summary>Starts it; it listens when this completes.</summary>
    /// <param name="self">Where it is to listen.</param>
    /// <param name="other">Where this process does.</param>
    /// <param name="secret">The cluster's.</param>
    /// <exception cref="BenchmarkException">It did not start; it has said why on the error stream.</exception>
    public static async Task<OtherProcess> StartAsync(
        string self, string other, string secret, CancellationToken cancellationToken)
    {
        var info = OwnProgram.Start([PairSilo.CommandName, self, other]);
        (info.RedirectStandardInput, info.RedirectStandardOutput) = (true, true);
        info.Environment[PairSilo.SecretVariable] = secret;
        var started = new OtherProcess(Process.Start(info) ?? throw new BenchmarkException("The other process did not start."));
        try
        {
            var line = await started._process.StandardOutput.ReadLineAsync(cancellationToken).AsTask()
                .WaitAsync(s_patience, cancellationToken);
            return line == PairSilo.Ready ? started : throw new BenchmarkException("The other process did not start.");
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(s_patience);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            _process.Kill();
        }
        finally
        {
            _process.Dispose();
        }
    }
}
