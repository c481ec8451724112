namespace Mall.Runtime;

/// <summary>Where a silo stands in its life.</summary>
public enum SiloStatus
{
    /// <summary>Unknown.</summary>
    None,

    /// <summary>Made, not yet joining.</summary>
    Created,

    /// <summary>About to host grains.</summary>
    Joining,

    /// <summary>Hosts grains.</summary>
    Active,

    /// <summary>Drains.</summary>
    ShuttingDown,

    /// <summary>Stops at once.</summary>
    Stopping,

    /// <summary>Gone.</summary>
    Dead,
}
