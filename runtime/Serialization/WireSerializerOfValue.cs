namespace Mall.Runtime;

/// <summary>
/// Writes and reads values of <typeparamref name="T"/>. Has no state but other serializers: any thread may use it.
/// </summary>
public abstract class WireSerializer<T> : WireSerializer
{
    /// <inheritdoc/>
    public sealed override Type Type => typeof(T);

    /// <summary>
    /// Writes the value as a field, its tag included. The value is not null: null is a field that is not written.
    /// </summary>
    public abstract void Write(ref WireWriter writer, uint field, T value);

    /// <summary>Reads the value of a field whose tag has been read.</summary>
    public abstract T Read(ref WireReader reader, WireType type);

    /// <inheritdoc/>
    public sealed override void WriteBoxed(ref WireWriter writer, uint field, object value) => Write(ref writer, field, (T)value);

    /// <inheritdoc/>
    public sealed override object? ReadBoxed(ref WireReader reader, WireType type) => Read(ref reader, type);
}
