using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Mall.Api.Rest;

/// <summary>Writes answers: a value as JSON, or the problem details of a refusal.</summary>
internal static class Answers
{
    private const string Json = "application/json";

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    /// <summary>The value with status 200, or the refusal.</summary>
    public static void Answer<TValue, TAnswer>(
        this HttpContext http, Result<TValue> result, Func<TValue, TAnswer> shape, JsonTypeInfo<TAnswer> type, int status = 200)
    {
        if (result.IsRefused)
            ProblemWriter.Write(http, Problem.Of(result.Refusal));
        else
            http.Answer(shape(result.Value), type, status);
    }

    /// <summary>What was created, with status 201 and where it is, or the refusal.</summary>
    /// <param name="http">The request to answer.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="path">Where such things are; ends with a slash.</param>
    /// <param name="id">Which it is; read only when there is a value.</param>
    /// <param name="shape">How it shows.</param>
    /// <param name="type">How that is written.</param>
    public static void AnswerCreated<TValue, TAnswer>(
        this HttpContext http,
        Result<TValue> result,
        string path,
        long? id,
        Func<TValue, TAnswer> shape,
        JsonTypeInfo<TAnswer> type)
    {
        if (!result.IsRefused)
            http.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"{path}{id}");
        http.Answer(result, shape, type, StatusCodes.Status201Created);
    }

    /// <summary>The value as JSON.</summary>
    public static void Answer<T>(this HttpContext http, T answer, JsonTypeInfo<T> type, int status = 200) =>
        http.Write(answer, type, status, Json);

    /// <summary>
    /// Serializes on this thread's own buffer, so that the length is known (no chunking) and nothing is allocated, then copies
    /// into the
    /// response's pipe. Kestrel sends it, with the headers, when the request ends: that is one write to the socket.
    /// </summary>
    public static void Write<T>(this HttpContext http, T answer, JsonTypeInfo<T> type, int status, string contentType)
    {
        var bytes = t_buffer ??= new ArrayBufferWriter<byte>(4096);
        var json = t_writer ??= new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true });
        bytes.ResetWrittenCount();
        json.Reset(bytes);
        JsonSerializer.Serialize(json, answer, type);
        json.Flush();

        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = bytes.WrittenCount;
        http.Response.BodyWriter.Write(bytes.WrittenSpan);
    }
}
