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
                    return new Body<T>(Parse(read.Buffer, isPatch: HttpMethods.IsPatch(http.Request.Method)));
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

    /// <exception cref="ProblemException">415 for another content type, or a compressed body; 100002 for none at all.</exception>
    internal static void CheckContentType(HttpRequest request)
    {
        if (request.ContentType is null
            && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            throw Empty(); // It lacks more than a type.
        }

        if (request.ContentType is not Answer.Json && !IsJsonInUtf8(request.ContentType))
            throw new ProblemException(Problem.UnsupportedMediaType("The body must be application/json in UTF-8."));
        if (request.Headers.ContentEncoding is not ([] or ["identity"]))
            throw new ProblemException(Problem.UnsupportedMediaType("The body must not be compressed."));
    }

    private static bool IsJsonInUtf8(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var media)
        && media.MediaType.Equals(Answer.Json, StringComparison.OrdinalIgnoreCase)
        && (!media.Charset.HasValue || media.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <exception cref="ProblemException">100002.</exception>
    internal static T Parse(in ReadOnlySequence<byte> body, bool isPatch)
    {
        if (body.IsEmpty)
            throw Empty();
        try
        {
            // Nearly every body lies in one piece; the others are small enough to be copied.
            var json = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
            var value = JsonSerializer.Deserialize(json, ApiJson.Type<T>.Info) ?? throw new JsonException("null");
            if (isPatch) RefuseNulls(json);
            return value;
        }
        catch (JsonException wrong)
        {
            throw new ProblemException(JsonComplaint.Of(wrong, ApiJson.Type<T>.Info) is { } error
                ? Problem.BadField(error.Field, error.Message)
                : Problem.Of(ErrorCodes.BadParameter, "The body is not one JSON object as this request takes it."));
        }
    }

    private static ProblemException Empty() =>
        new(Problem.Of(ErrorCodes.BadParameter, "The body is empty; a JSON object is needed."));

    /// <summary>In a change null would mean either "as it is" or "away with it", and no field of the mall can go away.</summary>
    private static void RefuseNulls(ReadOnlySpan<byte> body)
    {
        var json = new Utf8JsonReader(body);
        var field = "";
        while (json.Read())
        {
            if (json is { CurrentDepth: 1, TokenType: JsonTokenType.PropertyName })
                field = json.GetString()!;
            else if (json is { CurrentDepth: 1, TokenType: JsonTokenType.Null })
                throw new ProblemException(Problem.BadField(field, "must not be null: leave out what is to stay as it is"));
        }
    }
}
