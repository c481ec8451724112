namespace Mall.Ledger;

/// <summary>One value of one column: null, a 64-bit integer or a text. No boxing: a batch holds thousands of them. Times are
/// stored as Unix milliseconds (UTC), enums as their number, money in minor units.</summary>
public readonly record struct Value
{
    private static readonly object s_isNumber = new();

    private readonly long _number;
    private readonly object? _reference; // null: SQL null; the sentinel: a number; else the text itself.

    private Value(long number, object? reference) => (_number, _reference) = (number, reference);

    public static Value Null => default;
    public bool IsNull => _reference is null;

    public bool IsNumber => ReferenceEquals(_reference, s_isNumber);

    /// <summary>The number; throws when the value is null or a text.</summary>
    public long Number => IsNumber ? _number : throw new InvalidOperationException("The value is not a number.");

    /// <summary>The text, or null.</summary>
    public string? Text => IsNumber ? throw new InvalidOperationException("The value is a number.") : (string?)_reference;

    public static implicit operator Value(long number) => new(number, s_isNumber);
    public static implicit operator Value(long? number) => number is { } n ? n : Null;
    public static implicit operator Value(string? text) => new(0, text);
    public static implicit operator Value(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
    public static implicit operator Value(DateTimeOffset? time) => time is { } t ? t : Null;

    /// <summary>As drivers take it.</summary>
    internal object ToObject() => IsNumber ? _number : _reference ?? DBNull.Value;

    public override string ToString() =>
        IsNull ? "null" : IsNumber ? _number.ToString(CultureInfo.InvariantCulture) : $"'{Text}'";
}
