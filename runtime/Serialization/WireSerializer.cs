namespace Mall.Runtime;

/// <summary>Writes and reads the values of one type.</summary>
public abstract class WireSerializer
{
    private protected WireSerializer() { }

    /// <summary>The type.</summary>
    public abstract Type Type { get; }

    /// <summary>The type's full name, or its alias.</summary>
    public virtual string TypeName => Type.FullName!;

    /// <summary>Writes a boxed value. For tools and tests, not for the call path.</summary>
    public abstract void WriteBoxed(ref WireWriter writer, uint field, object value);

    /// <summary>Reads a boxed value. For tools and tests, not for the call path.</summary>
    public abstract object? ReadBoxed(ref WireReader reader, WireType type);
}
