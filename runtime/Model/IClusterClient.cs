namespace Mall.Runtime;

/// <summary>Calls grains from code that is not a grain: the front door, a tool, a process that hosts no grains.</summary>
public interface IClusterClient : IGrainFactory
{
    /// <summary>The host's services.</summary>
    IServiceProvider ServiceProvider { get; }
}
