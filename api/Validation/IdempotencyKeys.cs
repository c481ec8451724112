namespace Mall.Api.Validation;

/// <summary>The parameter of a REST handler that takes the request's key, checked before.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class IdempotencyKeyAttribute : Attribute, IFromHeaderMetadata
{
    public string Name => IdempotencyKeys.HeaderName;
}

/// <summary>The rules of idempotency keys, the same for the REST header and the gRPC metadata.</summary>
internal static class IdempotencyKeys
{
    public const string HeaderName = "Idempotency-Key";

    private const int MaxLength = 128;

    private static readonly SearchValues<char> s_visible =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c)]);

    /// <summary>The request's key, or null when it has none.</summary>
    /// <exception cref="ProblemException">When there are several, or it is not 1 to 128 visible ASCII characters.</exception>
    public static string? IdempotencyKey(this HttpContext http)
    {
        var values = http.Request.Headers[HeaderName];
        if (values.Count == 0)
            return null;
        if (values.Count > 1)
            throw new ProblemException(Problem.BadField(HeaderName, "may be given once only"));
        var key = values[0] ?? "";
        if (key.Length is 0 or > MaxLength || key.AsSpan().ContainsAnyExcept(s_visible))
            throw new ProblemException(Problem.BadField(HeaderName, $"must be 1 to {MaxLength} visible ASCII characters"));
        return key;
    }

    /// <summary>
    /// The hash by which a repeated key is held to its first request: over the request as it was understood, not over its
    /// bytes, so that the same request in other words (spaces, order of fields, gRPC instead of REST) is the same request.
    /// </summary>
    /// <param name="canonical">One text for one meaning; free text in it goes last or through <see cref="Quote"/>.</param>
    public static string Hash(string canonical)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(canonical), hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>A text with its length before it, so that no two lists of texts read the same; null differs from empty.</summary>
    public static string Quote(string? text) => text is null ? "-" : $"{text.Length}:{text}";

    /// <summary>What a grain needs to recognize a repetition; null without a key.</summary>
    public static Idempotency? ToIdempotency(this string? key, long userId, string canonical) =>
        key is null ? null : new Idempotency(userId, key, Hash(canonical));
}
