namespace Mall.Api.Rest;

/// <summary>A JSON body whose bytes count, because they are signed; whoever has judged those reads it.</summary>
internal sealed class RawBody<T>(ReadOnlySequence<byte> bytes) : IEndpointParameterMetadataProvider where T : class
{
    public ReadOnlySequence<byte> Bytes => bytes;

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        Body<T>.PopulateMetadata(parameter, builder);

    /// <exception cref="ProblemException">415 for another content type.</exception>
    public static async ValueTask<RawBody<T>?> BindAsync(HttpContext http)
    {
        Body<T>.CheckContentType(http.Request);
        using var copy = new MemoryStream();
        await http.Request.Body.CopyToAsync(copy, http.RequestAborted); // Arrivals has waited for it; Kestrel limits its size.
        return new RawBody<T>(new ReadOnlySequence<byte>(copy.ToArray()));
    }
}
