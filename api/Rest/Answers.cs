namespace Mall.Api.Rest;

/// <summary>
/// What a REST handler returns: an answer, or a refusal as problem details. The framework's own results would answer in chunks,
/// with a second write to the socket, and know no refusals.
/// </summary>
internal abstract class Answer(int status, Refusal? refusal) : IResult
{
    public const string Json = "application/json";

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (refusal is not null)
            ProblemWriter.Write(httpContext, Problem.Of(refusal));
        else
            Show(httpContext, status);
        return Task.CompletedTask;
    }

    protected virtual void Show(HttpContext http, int status) => http.Response.StatusCode = status;

    protected static void Describe(EndpointBuilder endpoint, int status, Type? body = null) => endpoint.Metadata.Add(
        body is null ? new ProducesResponseTypeMetadata(status, typeof(void)) : new(status, body, [Json]));

    /// <summary>
    /// Serializes on this thread's own buffer, so that the length is known (no chunking) and nothing is allocated, then copies
    /// into the response's pipe. Kestrel sends it, with the headers, when the request ends: that is one write to the socket.
    /// </summary>
    public static void Write<T>(HttpContext http, T value, JsonTypeInfo<T> type, int status, string contentType)
    {
        var bytes = t_buffer ??= new ArrayBufferWriter<byte>(4096);
        var json = t_writer ??= new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true });
        bytes.ResetWrittenCount();
        json.Reset(bytes);
        JsonSerializer.Serialize(json, value, type);
        json.Flush();
        LargeAnswers.Admit(http, bytes.WrittenCount);

        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = bytes.WrittenCount;
        http.Response.BodyWriter.Write(bytes.WrittenSpan);
    }
}

/// <summary>A value as JSON.</summary>
internal class Answer<T>(int status, Result<T> result, Func<T, string>? location = null) : Answer(status, result.Refusal)
{
    protected override void Show(HttpContext http, int status)
    {
        if (location is not null)
            http.Response.Headers.Location = location(result.Value!);
        Write(http, result.Value!, ApiJson.Type<T>.Info, status, Json);
    }
}

/// <summary>200 with a value.</summary>
internal sealed class Ok<T>(Result<T> result) : Answer<T>(StatusCodes.Status200OK, result), IEndpointMetadataProvider
{
    public static implicit operator Ok<T>(Result<T> result) => new(result);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        Describe(builder, StatusCodes.Status200OK, typeof(T));
}

/// <summary>200 without a word.</summary>
internal sealed class Ok() : Answer(StatusCodes.Status200OK, null), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, StatusCodes.Status200OK);
}

/// <summary>201 with what was made, and where it is.</summary>
internal sealed class Created<T>(Result<T> result, Func<T, string> location)
    : Answer<T>(StatusCodes.Status201Created, result, location), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        Describe(builder, StatusCodes.Status201Created, typeof(T));
}

/// <summary>202 with what has begun, and where it will be.</summary>
internal sealed class Accepted<T>(Result<T> result, string location)
    : Answer<T>(StatusCodes.Status202Accepted, result, _ => location), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        Describe(builder, StatusCodes.Status202Accepted, typeof(T));
}

/// <summary>204.</summary>
internal sealed class NoContent(Refusal? refusal) : Answer(StatusCodes.Status204NoContent, refusal), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        Describe(builder, StatusCodes.Status204NoContent);
}

/// <summary>Shapes a grain's answer into what clients see.</summary>
internal static class ResultShaping
{
    /// <summary>The value in another shape; a refusal stays what it is.</summary>
    public static Result<TAnswer> As<TValue, TAnswer>(this Result<TValue> result, Func<TValue, TAnswer> shape) =>
        result.IsRefused ? result.Refusal : shape(result.Value);
}
