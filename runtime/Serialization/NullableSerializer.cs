namespace Mall.Runtime;

/// <summary>
/// A nullable value type inside a collection or a generic message, where the null is written by what surrounds it.
/// </summary>
public sealed class NullableSerializer<T>(WireSerializer<T> inner) : WireSerializer<T?> where T : struct
{
    /// <inheritdoc/>
    public override void Write(ref WireWriter writer, uint field, T? value) =>
        inner.Write(ref writer, field, value ?? throw new WireFormatException("A null is not written as a value."));

    /// <inheritdoc/>
    public override T? Read(ref WireReader reader, WireType type) => inner.Read(ref reader, type);
}
