using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Runtime;

/// <summary>Starts and stops the silo with the host.</summary>
internal sealed class SiloHostedService(SiloRuntime runtime, IServiceProvider services) : IHostedService
{
    /// <summary>Only in a cluster.</summary>
    private readonly FailureDetector? _detector = services.GetService<FailureDetector>();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await runtime.StartAsync(_detector, cancellationToken);
        // Resolved now rather than injected: a startup task may itself want an IGrainFactory of a runtime that has started.
        foreach (var task in services.GetServices<IStartupTask>()) await task.Execute(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _detector?.Stop();
        return runtime.DrainAsync(cancellationToken);
    }
}
