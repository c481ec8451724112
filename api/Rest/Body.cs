namespace Mall.Api.Rest;

/// <summary>
/// The JSON body of a request, read strictly: UTF-8 without a byte order mark, one object, every field of its type, none twice,
/// none unknown, nothing after it. What is wrong is answered with 100002 and the name of the field, which the framework's own
/// reader does not tell.
/// </summary>
internal sealed class Body<T>(T value) : IEndpointParameterMetadataProvider where T : class
{
    public T Value => value;

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata([Answer.Json], typeof(T)));

    /// <exception cref="ProblemException">
    /// 100002 when the body is not what the request takes; 415 for another content type.
    /// </exception>
    public static async ValueTask<Body<T>?> BindAsync(HttpContext http)
    {
        CheckContentType(http.Request);
        var body = http.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(http.RequestAborted);
            if (read.IsCompleted)
            {
                try
                {
                    return new Body<T>(Parse(read.Buffer));
                }
                finally
                {
                    body.AdvanceTo(read.Buffer.End); // Also when it threw: Kestrel goes on with this pipe.
                }
            }

            // Kestrel itself stops a body that grows beyond the limit.
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static void CheckContentType(HttpRequest request)
    {
        if (request.ContentType is not Answer.Json && !IsJsonInUtf8(request.ContentType))
            throw new ProblemException(Problem.UnsupportedMediaType("The body must be application/json in UTF-8."));
        if (request.Headers.ContentEncoding is not ([] or ["identity"]))
            throw new ProblemException(Problem.UnsupportedMediaType("The body must not be compressed."));
    }

    private static bool IsJsonInUtf8(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var media)
        && media.MediaType.Equals(Answer.Json, StringComparison.OrdinalIgnoreCase)
        && (!media.Charset.HasValue || media.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static T Parse(in ReadOnlySequence<byte> body)
    {
        if (body.IsEmpty)
            throw new ProblemException(Problem.Of(ErrorCodes.BadParameter, "The body is empty; a JSON object is needed."));
        try
        {
            // Nearly every body lies in one piece; the others are small enough to be copied.
            var value = JsonSerializer.Deserialize(body.IsSingleSegment ? body.FirstSpan : body.ToArray(), ApiJson.Type<T>.Info);
            return value ?? throw new JsonException("null");
        }
        catch (JsonException wrong)
        {
            throw new ProblemException(Explain(wrong));
        }
    }

    /// <summary>The serializer's words name our types and repeat the input: clients get the field's name and our words.</summary>
    private static Problem Explain(JsonException wrong)
    {
        var field = wrong.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "";
        return field.Length is > 0 and <= 64
            ? Problem.BadField(field, "is not what this field takes: look at its name, its type and its range, and give it once")
            : Problem.Of(ErrorCodes.BadParameter, "The body is not one JSON object as this request takes it.");
    }
}
