namespace Mall.Api.Aliases;

/// <summary>
/// The body of a request to an older mall's path. Its clients send what their malls once asked for: fields that nobody here knows
/// are passed over, null and an empty body count as absent. What is read is read strictly.
/// </summary>
internal sealed class AliasInput
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private readonly JsonElement _fields;

    private AliasInput(byte[] bytes, JsonElement fields) => (Bytes, _fields) = (bytes, fields);

    /// <summary>As they came.</summary>
    public byte[] Bytes { get; }

    /// <exception cref="ProblemException">100002 when it is not one JSON object; 415 for another content type.</exception>
    public static async Task<AliasInput> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        var bytes = body.ToArray();
        if (bytes.Length == 0)
            return new AliasInput(bytes, JsonElement.Parse("{}"));
        Body<object>.CheckContentType(request);
        try
        {
            var fields = JsonElement.Parse(bytes, s_strict);
            return fields.ValueKind == JsonValueKind.Object ? new AliasInput(bytes, fields) : throw new JsonException();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // Half a character in a name, by an escape.
        {
            throw new ProblemException(Problem.Of(ErrorCodes.BadParameter, "The body is not one JSON object, each field once."));
        }
    }

    public bool Has(string name) =>
        _fields.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null;

    public string? Text(string name) => !Has(name) ? null
        : _fields.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? Decode(name, text)
        : throw Bad(name, "must be a text");

    private static string? Decode(string name, JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException) // Half a character, by an escape.
        {
            throw Bad(name, "must be a text of whole characters");
        }
    }

    public bool Flag(string name) => Has(name) && _fields.GetProperty(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad(name, "must be true or false"),
    };

    public long? Number(string name) => !Has(name) ? null
        : _fields.GetProperty(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value)
            && value is >= -ExactNumbers.Max and <= ExactNumbers.Max
            ? value
            : throw Bad(name, $"must be a whole number without decimals or exponent, within {ExactNumbers.Max}");

    /// <summary>A number of which 0 means that there is none.</summary>
    public long? NotZero(string name) => Number(name) is { } number and not 0 ? number : null;

    /// <summary>An id that must be there.</summary>
    public long Id(string name) =>
        Number(name) is { } id and > 0 ? id : throw Bad(name, Has(name) ? FieldChecks.IdRule : "is missing");

    /// <summary>A number that is there, or is read as 0, from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public int From(string name, int min, int max)
    {
        var value = Number(name) ?? 0;
        return value >= min && value <= max ? (int)value : throw Bad(name, $"must be from {min} to {max}");
    }

    /// <summary>Refuses what says something else than is so; what is absent or 0 says nothing.</summary>
    public void Agree(string name, long actual)
    {
        if (NotZero(name) is { } said && said != actual)
            throw Bad(name, $"is not {said}: leave it out, or say what is so");
    }

    /// <summary>Refuses a request in the name of another user than the token's.</summary>
    public void AgreeUser(string name, Caller caller)
    {
        if (NotZero(name) is { } said && said != caller.UserId)
            throw new ProblemException(Problem.Of(ErrorCodes.Forbidden, $"{name} is not the user of the token."));
    }

    public static ProblemException Bad(string field, string message) => new(Problem.BadField(field, message));
}
