using Orleans.Hosting;
using Orleans.Runtime.Hosting;

namespace Mall.Hosting;

/// <summary>
/// For grains of which there is one an order: where such a grain lives is computed from its key (<c>[HashBasedPlacement]</c>) and
/// written down nowhere, so that an order pays for no look-up, registration and removal at a directory on another silo.
/// <para>
/// While silos that come or go are not known to all, two activations of one such grain may live. Only grains whose every write is
/// fenced by their row may be placed so.
/// </para>
/// </summary>
public static class KeyPlacement
{
    /// <summary>The directory to name in <c>[GrainDirectory]</c>.</summary>
    public const string Directory = "computed";

    public static ISiloBuilder UseKeyPlacement(this ISiloBuilder silo) =>
        silo.AddGrainDirectory(Directory, (_, _) => new ComputedDirectory());

    /// <summary>Knows nobody and believes everybody.</summary>
    private sealed class ComputedDirectory : IGrainDirectory
    {
        public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

        public Task Unregister(GrainAddress address) => Task.CompletedTask;

        public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

        public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
    }
}
