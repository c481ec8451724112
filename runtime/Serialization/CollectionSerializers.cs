using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// Writes a collection as a group: an element is field 1, a null is an empty field 2. There is no count, so nobody can make a
/// reader allocate for elements that are not there.
/// </summary>
public abstract class CollectionSerializer<TCollection, T>(WireSerializer<T> element) : WireSerializer<TCollection>
{
    private const uint ElementField = 1;
    private const uint NullField = 2;

    /// <inheritdoc/>
    public sealed override TCollection Read(ref WireReader reader, WireType type)
    {
        var elements = ImmutableArray.CreateBuilder<T>();
        reader.EnterGroup(type);
        while (reader.TryReadField(out var field, out var inner))
        {
            switch (field)
            {
                case ElementField:
                    elements.Add(element.Read(ref reader, inner));
                    break;
                case NullField:
                    reader.Skip(inner);
                    elements.Add(default(T) is null ? default! : throw reader.Malformed("a null where a value belongs"));
                    break;
                default:
                    reader.Skip(inner);
                    break;
            }
        }

        reader.LeaveGroup();
        return Build(elements.DrainToImmutable());
    }

    /// <summary>Makes the collection of its elements.</summary>
    protected abstract TCollection Build(ImmutableArray<T> elements);

    private protected static void Begin(ref WireWriter writer, uint field) => writer.WriteTag(field, WireType.Group);

    private protected void WriteElement(ref WireWriter writer, T value)
    {
        if (value is not null)
        {
            element.Write(ref writer, ElementField, value);
        }
        else
        {
            writer.WriteTag(NullField, WireType.Varint);
            writer.WriteVarint(0);
        }
    }
}

/// <summary>An immutable array; a default one is read as an empty one.</summary>
public sealed class ImmutableArraySerializer<T>(WireSerializer<T> element) : CollectionSerializer<ImmutableArray<T>, T>(element)
{
    /// <inheritdoc/>
    public override void Write(ref WireWriter writer, uint field, ImmutableArray<T> value)
    {
        Begin(ref writer, field);
        if (!value.IsDefault)
        {
            foreach (var item in value) WriteElement(ref writer, item);
        }

        writer.WriteEndGroup();
    }

    /// <inheritdoc/>
    protected override ImmutableArray<T> Build(ImmutableArray<T> elements) => elements;
}

/// <summary>Any collection that can be enumerated.</summary>
public abstract class EnumerableSerializer<TCollection, T>(WireSerializer<T> element)
    : CollectionSerializer<TCollection, T>(element)
    where TCollection : IEnumerable<T>
{
    /// <inheritdoc/>
    public sealed override void Write(ref WireWriter writer, uint field, TCollection value)
    {
        Begin(ref writer, field);
        foreach (var item in value) WriteElement(ref writer, item);
        writer.WriteEndGroup();
    }
}

/// <summary>An array.</summary>
public sealed class ArraySerializer<T>(WireSerializer<T> element) : EnumerableSerializer<T[], T>(element)
{
    /// <inheritdoc/>
    protected override T[] Build(ImmutableArray<T> elements) => [.. elements];
}

/// <summary>A list that others cannot change.</summary>
public sealed class ReadOnlyListSerializer<T>(WireSerializer<T> element) : EnumerableSerializer<IReadOnlyList<T>, T>(element)
{
    /// <inheritdoc/>
    protected override IReadOnlyList<T> Build(ImmutableArray<T> elements) => elements;
}

/// <summary>A collection that others cannot change.</summary>
public sealed class ReadOnlyCollectionSerializer<T>(WireSerializer<T> element)
    : EnumerableSerializer<IReadOnlyCollection<T>, T>(element)
{
    /// <inheritdoc/>
    protected override IReadOnlyCollection<T> Build(ImmutableArray<T> elements) => elements;
}

/// <summary>An immutable list.</summary>
public sealed class ImmutableListSerializer<T>(WireSerializer<T> element) : EnumerableSerializer<ImmutableList<T>, T>(element)
{
    /// <inheritdoc/>
    protected override ImmutableList<T> Build(ImmutableArray<T> elements) => [.. elements];
}

/// <summary>An immutable set.</summary>
public sealed class ImmutableHashSetSerializer<T>(WireSerializer<T> element)
    : EnumerableSerializer<ImmutableHashSet<T>, T>(element)
{
    /// <inheritdoc/>
    protected override ImmutableHashSet<T> Build(ImmutableArray<T> elements) => [.. elements];
}
