namespace Mall.Runtime;

/// <summary>
/// Gives references to grains. It costs no call and no lookup of the grain: a grain always exists. A reference may be kept and
/// shared between threads; one that is kept finds its activation a little faster than a new one.
/// </summary>
public interface IGrainFactory
{
    /// <summary>A reference to the grain with this string key.</summary>
    /// <param name="primaryKey">The key, case sensitive, not empty.</param>
    /// <param name="grainClassNamePrefix">Start of the class's full name, when several classes implement the interface.</param>
    /// <exception cref="ArgumentException">No grain class, or more than one, implements the interface.</exception>
    TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey;

    /// <summary>A reference to the grain with this integer key.</summary>
    /// <inheritdoc cref="GetGrain{TGrainInterface}(string, string?)"/>
    TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey;

    /// <summary>A reference to the grain with this GUID key.</summary>
    /// <inheritdoc cref="GetGrain{TGrainInterface}(string, string?)"/>
    TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey;
}
