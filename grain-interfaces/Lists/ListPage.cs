using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Mall.Lists;

/// <summary>
/// A place in a list: behind the item that was committed at a position, under a key. Clients carry it about as a text that means
/// nothing to them.
/// </summary>
/// <param name="Position">See the ledger's <c>SettledAsync</c>; several items may share one.</param>
/// <param name="Key">Of the item, which orders those that share a position.</param>
[GenerateSerializer, Immutable, Alias("mall.ListPlace")]
public sealed record ListPlace(long Position, string Key)
{
    private const int MostCharacters = 128; // Of a key.

    /// <summary>Before the first item of every list whose keys are numbers.</summary>
    public static readonly ListPlace Beginning = new(0, "0");

    /// <summary>Behind the last item of every list: where one begins who reads it from its end.</summary>
    public static readonly ListPlace End = new(long.MaxValue, "9223372036854775807");

    public ListPlace(long position, long id) : this(position, id.ToString(CultureInfo.InvariantCulture)) { }

    /// <summary>The key, where it is a number.</summary>
    public long Id => long.Parse(Key, CultureInfo.InvariantCulture);

    /// <summary>The place that a text stands for, or null when it stands for none.</summary>
    /// <param name="isNumbered">Whether keys of that list are numbers.</param>
    public static ListPlace? Parse(string text, bool isNumbered)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        if (!Base64Url.IsValid(bytes)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromUtf8(bytes)).Split(' ', 2);
        return parts is [_, { Length: <= MostCharacters } key] && !key.Contains('\0') && IsNumber(parts[0], out var position)
            && (!isNumbered || IsNumber(key, out _))
            ? new ListPlace(position, key)
            : null;
    }

    public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Position} {Key}"));

    private static bool IsNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>A page of a list.</summary>
/// <param name="Next">Where the following page begins; null when there is none now.</param>
/// <param name="Cursor">Where to go on later.</param>
[GenerateSerializer, Immutable, Alias("mall.ListPage`1")]
public sealed record ListPage<T>(ImmutableArray<T> Items, ListPlace? Next, ListPlace Cursor);
