namespace Mall.Api.Validation;

/// <summary>
/// Checks a request field by field and collects what is wrong, so that a client learns everything at once. Allocates
/// nothing while all is well. Each check returns the value to use, or a harmless one after it has noted an error:
/// call <see cref="ThrowIfAny"/> before using any.
/// </summary>
internal struct FieldChecks
{
    public static readonly string IdRule = $"must be a positive number, at most {ExactNumbers.Max}";

    private ImmutableArray<FieldError>.Builder? _errors;

    public void Fail(string field, string message)
    {
        _errors ??= ImmutableArray.CreateBuilder<FieldError>();
        _errors.Add(new FieldError(field, message));
    }

    public readonly FieldError? First => _errors?[0];

    /// <exception cref="ProblemException">When any check has failed: 100002, naming every field.</exception>
    public readonly void ThrowIfAny()
    {
        if (_errors is not null)
            throw new ProblemException(Problem.BadFields(_errors.ToImmutable()));
    }

    /// <summary>A number that must be there, from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    public long Number(string field, long? value, long min, long max)
    {
        if (value is null)
            Fail(field, "is missing");
        else if (value < min || value > max)
            Fail(field, $"must be from {min} to {max}");
        else
            return value.Value;
        return min;
    }

    /// <summary>The same for a number that may be absent.</summary>
    public long? OptionalNumber(string field, long? value, long min, long max) =>
        value is null ? null : Number(field, value, min, max);

    /// <summary>An id that must be there: positive.</summary>
    public long Id(string field, long? value)
    {
        if (value is > 0 and <= ExactNumbers.Max)
            return value.Value;
        Fail(field, value is null ? "is missing" : IdRule);
        return 1;
    }

    /// <summary>The id that a request is about.</summary>
    /// <exception cref="ProblemException">It is none.</exception>
    public static long RequireId(long id) =>
        id is > 0 and <= ExactNumbers.Max ? id : throw new ProblemException(Problem.BadField("id", IdRule));

    /// <summary>
    /// A text that must be there, of <paramref name="min"/> to <paramref name="max"/> characters, of well-formed Unicode without
    /// control characters (databases differ in what they do with those). A single line shows something, unless it is empty,
    /// and does not turn what stands around it.
    /// </summary>
    /// <param name="multiline">Whether tab and line breaks are allowed.</param>
    public string Text(string field, string? value, int min, int max, bool multiline = false)
    {
        if (value is null)
            Fail(field, "is missing");
        else if (value.Length < min || value.Length > max)
            Fail(field, $"must be {min} to {max} characters long");
        else if (!IsCleanText(value, multiline))
            Fail(field, "contains characters that are not text");
        else if (!multiline && value.Length > 0 && !value.EnumerateRunes().Any(Shows))
            Fail(field, "must not be blank");
        else
            return value;
        return "";
    }

    /// <summary>The same for a text that may be absent.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public string? OptionalText(string field, string? value, int min, int max, bool multiline = false) =>
        value is null ? null : Text(field, value, min, max, multiline);

    /// <summary>U+FFFD is refused because it is what decoders leave where the bytes were not UTF-8.</summary>
    private static bool IsCleanText(string value, bool multiline)
    {
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (char.IsControl(c) && !(multiline && c is '\n' or '\r' or '\t'))
                return false;
            if (c == '\uFFFD' || char.IsLowSurrogate(c) || (!multiline && TurnsText(c)))
                return false;
            if (char.IsHighSurrogate(c) && (++i == value.Length || !char.IsLowSurrogate(value[i])))
                return false;
        }

        return true;
    }

    /// <summary>Overrides, embeddings and isolates of the direction of writing.</summary>
    private static bool TurnsText(char c) => c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>Whether there is ink: not in spaces and marks that stand alone, nor in letters made to fill a space.</summary>
    private static bool Shows(Rune rune) =>
        (Rune.IsLetter(rune) || Rune.IsNumber(rune) || Rune.IsPunctuation(rune) || Rune.IsSymbol(rune))
        && rune.Value is not (0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800);
}
