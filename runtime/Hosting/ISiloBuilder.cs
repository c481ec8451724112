using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime;

/// <summary>Configures a silo.</summary>
public interface ISiloBuilder
{
    /// <summary>
    /// The host's services. What is registered here takes the place of the runtime's own, such as <see cref="IMembership"/>.
    /// </summary>
    IServiceCollection Services { get; }

    /// <summary>The host's configuration.</summary>
    IConfiguration Configuration { get; }
}
