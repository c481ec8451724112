using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Runtime;

/// <summary>Starts and stops the silo with the host.</summary>
internal sealed class SiloHostedService(SiloRuntime runtime, IServiceProvider services) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        runtime.Start();
        // Resolved now rather than injected: a startup task may itself want an IGrainFactory of a runtime that has started.
        foreach (var task in services.GetServices<IStartupTask>()) await task.Execute(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => runtime.DrainAsync(cancellationToken);
}
