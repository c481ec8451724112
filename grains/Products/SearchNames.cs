using ADRaffy.ENSNormalize;

namespace Mall.Products;

/// <summary>How names of products are compared with what shoppers look for.</summary>
internal static class SearchNames
{
    /// <summary>Past so many words the rest counts as one, as it stands.</summary>
    public const int MostWords = 5;

    /// <summary>Neither capitals nor how accents are encoded make a difference.</summary>
    public static string Of(string name) => ENSNormalize.NF.NFC(name).ToLowerInvariant();

    /// <summary>What the search name must be like, once for each word: pass it with <c>escape '!'</c>.</summary>
    public static Value[] Patterns(string? query) => query is null ? [] :
    [
        .. Of(query).Split((char[]?)null, MostWords, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(word => (Value)$"%{Escaped(word)}%"),
    ];

    private static string Escaped(string word) => word
        .Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal)
        .Replace("_", "!_", StringComparison.Ordinal);
}
