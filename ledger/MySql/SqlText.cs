using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mall.Ledger.MySql;

/// <summary>
/// A statement in the making, with its values as literals: a batch has thousands, more than a driver handles well as parameters.
/// No text can end its literal: one of harmless characters is quoted as it is, any other is written in hexadecimal digits.
/// </summary>
internal sealed class SqlText
{
    /// <summary>Stands before the number of a value, as one character, in the place of which the value is put.</summary>
    public const char Gap = '\u0001';

    private static readonly SearchValues<char> s_harmless =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.: ");

    private readonly StringBuilder _text = new();
    private byte[] _utf8 = new byte[1_024];

    public int Length => _text.Length;

    public SqlText Clear()
    {
        _text.Clear();
        return this;
    }

    /// <param name="sql">A constant, or made of names that are constants.</param>
    public SqlText Add(string sql)
    {
        _text.Append(sql);
        return this;
    }

    public SqlText Add(long number)
    {
        _text.Append(CultureInfo.InvariantCulture, $"{number}");
        return this;
    }

    public SqlText Add(in Value value)
    {
        if (value.IsNumber) return Add(value.Number);
        return value.Text is { } text ? AddText(text) : Add("null");
    }

    /// <param name="sql">Like that of <see cref="Add(string)"/>, with places for values.</param>
    public SqlText Fill(string sql, Value[] values)
    {
        var rest = sql.AsSpan();
        for (int gap; (gap = rest.IndexOf(Gap)) >= 0; rest = rest[(gap + 2)..])
        {
            _text.Append(rest[..gap]);
            Add(values[rest[gap + 1]]);
        }

        _text.Append(rest);
        return this;
    }

    public SqlText AddText(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(s_harmless))
        {
            _text.Append('\'').Append(text).Append('\'');
            return this;
        }

        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (_utf8.Length < most) _utf8 = new byte[Math.Max(most, 2 * _utf8.Length)];
        return AddUtf8(_utf8.AsSpan(0, Encoding.UTF8.GetBytes(text, _utf8)));
    }

    public SqlText AddUtf8(ReadOnlySpan<byte> utf8)
    {
        _text.Append("_utf8mb4 x'");
        Span<char> digits = stackalloc char[512];
        while (!utf8.IsEmpty)
        {
            var piece = utf8[..Math.Min(utf8.Length, 256)];
            Convert.TryToHexString(piece, digits, out var written);
            _text.Append(digits[..written]);
            utf8 = utf8[piece.Length..];
        }

        _text.Append('\'');
        return this;
    }

    public override string ToString() => _text.ToString();
}
