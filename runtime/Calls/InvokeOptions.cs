namespace Mall.Runtime;

/// <summary>What the attributes of a grain interface's method say, as the generator read them.</summary>
[Flags]
public enum InvokeOptions : byte
{
    /// <summary>No attribute.</summary>
    None = 0,

    /// <summary><see cref="AlwaysInterleaveAttribute"/>.</summary>
    AlwaysInterleave = 1,

    /// <summary><see cref="ReadOnlyAttribute"/>.</summary>
    ReadOnly = 2,

    /// <summary><see cref="OneWayAttribute"/>.</summary>
    OneWay = 4,
}
