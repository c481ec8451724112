using Google.Protobuf.WellKnownTypes;

namespace Mall.Api.Products;

/// <summary>
/// What a seller says of a product besides what the mall knows: any JSON object. It is kept in one form (names in order, no
/// blanks, numbers as a double has them), so that the same is the same through either door.
/// </summary>
internal static class Attributes
{
    public const int MaxBytes = 4096;
    public const string Field = "attributes";

    private const int MaxDepth = 12;

    private static readonly JsonWriterOptions s_form =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>In the form in which it is kept; null when there is none.</summary>
    [return: NotNullIfNotNull(nameof(given))]
    public static string? Check(ref FieldChecks checks, IReadOnlyDictionary<string, JsonElement>? given)
    {
        if (given is null)
            return null;
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, s_form))
            WriteObject(json, given.Select(member => (member.Key, member.Value)), ref checks, MaxDepth);
        if (bytes.WrittenCount > MaxBytes)
            checks.Fail(Field, $"must be at most {MaxBytes} bytes of JSON");
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>As REST shows what is kept; null for nothing.</summary>
    public static IReadOnlyDictionary<string, JsonElement>? ToObject(string kept) => kept == ProductView.NoAttributes
        ? null
        : JsonSerializer.Deserialize(kept, ApiJson.Default.IReadOnlyDictionaryStringJsonElement);

    /// <summary>As gRPC shows what is kept; null for nothing.</summary>
    public static Struct? ToStruct(string kept) =>
        kept == ProductView.NoAttributes ? null : Struct.Parser.ParseJson(kept);

    /// <summary>As REST would have taken it.</summary>
    /// <exception cref="ProblemException">It has something in it that JSON has not.</exception>
    public static IReadOnlyDictionary<string, JsonElement>? OfStruct(Struct? given)
    {
        if (given is null)
            return null;
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, s_form))
            Write(json, Value.ForStruct(given), MaxDepth + 1);
        return JsonSerializer.Deserialize(bytes.WrittenSpan, ApiJson.Default.IReadOnlyDictionaryStringJsonElement);
    }

    private static void WriteObject(
        Utf8JsonWriter json, IEnumerable<(string Name, JsonElement Value)> members, ref FieldChecks checks, int depth)
    {
        json.WriteStartObject();
        foreach (var (name, value) in members.OrderBy(member => member.Name, StringComparer.Ordinal))
        {
            json.WritePropertyName(checks.Text(Field, name, 0, MaxBytes, multiline: true));
            Write(json, value, ref checks, depth - 1);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, JsonElement value, ref FieldChecks checks, int depth)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when depth > 0:
                WriteObject(json, value.EnumerateObject().Select(member => (member.Name, member.Value)), ref checks, depth);
                break;
            case JsonValueKind.Array when depth > 0:
                json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Write(json, item, ref checks, depth - 1);
                json.WriteEndArray();
                break;
            case JsonValueKind.String:
                json.WriteStringValue(checks.Text(Field, TextOf(value), 0, MaxBytes, multiline: true));
                break;
            case JsonValueKind.Number:
                WriteNumber(json, value, ref checks);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                json.WriteBooleanValue(value.GetBoolean());
                break;
            default:
                if (value.ValueKind != JsonValueKind.Null)
                    checks.Fail(Field, $"must not be deeper than {MaxDepth}");
                json.WriteNullValue();
                break;
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, JsonElement value, ref FieldChecks checks)
    {
        if (!value.TryGetDouble(out var number) || !(Math.Abs(number) <= ExactNumbers.Max))
        {
            checks.Fail(Field, $"has a number in it that is not within {ExactNumbers.Max}");
            number = 0;
        }

        if (Math.Truncate(number) == number)
            json.WriteNumberValue((long)number);
        else
            json.WriteNumberValue(number);
    }

    /// <summary>Half a surrogate pair, which JSON can write and text has not, becomes what is refused.</summary>
    private static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    private static void Write(Utf8JsonWriter json, Value value, int depth)
    {
        switch (value.KindCase)
        {
            case Value.KindOneofCase.StructValue when depth > 0:
                json.WriteStartObject();
                foreach (var (name, member) in value.StructValue.Fields)
                {
                    json.WritePropertyName(name);
                    Write(json, member, depth - 1);
                }

                json.WriteEndObject();
                break;
            case Value.KindOneofCase.ListValue when depth > 0:
                json.WriteStartArray();
                foreach (var item in value.ListValue.Values)
                    Write(json, item, depth - 1);
                json.WriteEndArray();
                break;
            case Value.KindOneofCase.StringValue:
                json.WriteStringValue(value.StringValue);
                break;
            case Value.KindOneofCase.NumberValue when double.IsFinite(value.NumberValue):
                json.WriteNumberValue(value.NumberValue);
                break;
            case Value.KindOneofCase.BoolValue:
                json.WriteBooleanValue(value.BoolValue);
                break;
            case Value.KindOneofCase.NullValue:
                json.WriteNullValue();
                break;
            default:
                throw new ProblemException(Problem.BadField(Field, $"must be a JSON object, not deeper than {MaxDepth}"));
        }
    }
}
