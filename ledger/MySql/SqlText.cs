using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Mall.Ledger.MySql;

/// <summary>A statement in the making, with its values as literals: a batch has thousands, more than a driver handles well as
/// parameters.</summary>
internal sealed class SqlText
{
    /// <summary>Stands before the number of a value, as one character, in the place of which the value is put.</summary>
    public const char Gap = '\u0001';

    private readonly StringBuilder _text = new();

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
        _text.Append('\'');
        Escape(text);
        _text.Append('\'');
        return this;
    }

    /// <summary>Adds a value to a JSON text that is a literal.</summary>
    public SqlText AddJson(in Value value)
    {
        if (value.IsNumber) return Add(value.Number);
        if (value.Text is not { } text) return Add("null");
        _text.Append('"');
        Escape(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text));
        _text.Append('"');
        return this;
    }

    // So no text can end its literal: in our sessions backslashes escape, see MySqlConnections.
    private void Escape(ReadOnlySpan<char> text)
    {
        for (int at; (at = text.IndexOfAny('\'', '\\')) >= 0; text = text[(at + 1)..])
            _text.Append(text[..at]).Append('\\').Append(text[at]);
        _text.Append(text);
    }

    public override string ToString() => _text.ToString();
}
