using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// Values that travel with calls: what a caller sets here, the grain it calls reads here, and so on down the chain. Changes that
/// a callee makes do not travel back. It costs nothing while it is empty. Values that cross to another silo must be strings,
/// integers, booleans or GUIDs.
/// </summary>
public static class RequestContext
{
    private static readonly AsyncLocal<ImmutableDictionary<string, object>?> Values = new();

    internal static ImmutableDictionary<string, object>? Current
    {
        get => Values.Value;
        set => Values.Value = value;
    }

    /// <summary>The value under this key, or null.</summary>
    public static object? Get(string key) => Values.Value?.GetValueOrDefault(key);

    /// <summary>Sets the value for the calls that are made from here on.</summary>
    public static void Set(string key, object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Values.Value = (Values.Value ?? ImmutableDictionary<string, object>.Empty).SetItem(key, value);
    }

    /// <summary>Takes the value away; false when there was none.</summary>
    public static bool Remove(string key)
    {
        var values = Values.Value;
        if (values is null || !values.ContainsKey(key)) return false;
        values = values.Remove(key);
        Values.Value = values.IsEmpty ? null : values;
        return true;
    }

    /// <summary>Takes all values away.</summary>
    public static void Clear()
    {
        if (Values.Value is not null) Values.Value = null;
    }
}
