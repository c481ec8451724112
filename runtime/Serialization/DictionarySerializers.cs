using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// Writes a dictionary as a group: a key is field 1 and its value, behind it, field 2, which a null does not have. A key that
/// comes twice is malformed.
/// </summary>
public abstract class DictionarySerializer<TDictionary, TKey, TValue>(WireSerializer<TKey> keys, WireSerializer<TValue> values)
    : WireSerializer<TDictionary>
    where TDictionary : IEnumerable<KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    private const uint KeyField = 1;
    private const uint ValueField = 2;

    /// <inheritdoc/>
    public sealed override void Write(ref WireWriter writer, uint field, TDictionary value)
    {
        writer.WriteTag(field, WireType.Group);
        foreach (var entry in value)
        {
            keys.Write(ref writer, KeyField, entry.Key);
            if (entry.Value is not null) values.Write(ref writer, ValueField, entry.Value);
        }

        writer.WriteEndGroup();
    }

    /// <inheritdoc/>
    public sealed override TDictionary Read(ref WireReader reader, WireType type)
    {
        var entries = ImmutableDictionary.CreateBuilder<TKey, TValue>();
        var key = default(TKey);
        var hasKey = false;
        reader.EnterGroup(type);
        while (reader.TryReadField(out var field, out var inner))
        {
            switch (field)
            {
                case KeyField:
                    if (hasKey) AddNull(ref reader, entries, key!);
                    key = keys.Read(ref reader, inner);
                    hasKey = true;
                    break;
                case ValueField when hasKey:
                    Add(ref reader, entries, key!, values.Read(ref reader, inner));
                    hasKey = false;
                    break;
                default:
                    reader.Skip(inner);
                    break;
            }
        }

        if (hasKey) AddNull(ref reader, entries, key!);
        reader.LeaveGroup();
        return Build(entries.ToImmutable());
    }

    /// <summary>Makes the dictionary of its entries.</summary>
    protected abstract TDictionary Build(ImmutableDictionary<TKey, TValue> entries);

    private static void AddNull(ref WireReader reader, ImmutableDictionary<TKey, TValue>.Builder entries, TKey key) =>
        Add(ref reader, entries, key, default(TValue) is null ? default! : throw reader.Malformed("a key without its value"));

    private static void Add(ref WireReader reader, ImmutableDictionary<TKey, TValue>.Builder entries, TKey key, TValue value)
    {
        if (!entries.TryAdd(key, value)) throw reader.Malformed("a key comes twice");
    }
}

/// <summary>An immutable dictionary.</summary>
public sealed class ImmutableDictionarySerializer<TKey, TValue>(WireSerializer<TKey> keys, WireSerializer<TValue> values)
    : DictionarySerializer<ImmutableDictionary<TKey, TValue>, TKey, TValue>(keys, values)
    where TKey : notnull
{
    /// <inheritdoc/>
    protected override ImmutableDictionary<TKey, TValue> Build(ImmutableDictionary<TKey, TValue> entries) => entries;
}

/// <summary>A dictionary that others cannot change.</summary>
public sealed class ReadOnlyDictionarySerializer<TKey, TValue>(WireSerializer<TKey> keys, WireSerializer<TValue> values)
    : DictionarySerializer<IReadOnlyDictionary<TKey, TValue>, TKey, TValue>(keys, values)
    where TKey : notnull
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<TKey, TValue> Build(ImmutableDictionary<TKey, TValue> entries) => entries;
}
