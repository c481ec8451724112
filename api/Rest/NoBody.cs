namespace Mall.Api.Rest;

/// <summary>
/// Marks an endpoint that changes something and takes no body. One that says something all the same is refused, as an unknown
/// field is elsewhere: whoever sends it believes that it counts. Nothing, blanks and an empty object say nothing.
/// </summary>
internal sealed record NoBody
{
    /// <summary>Whether an endpoint, which is complete, is to be one.</summary>
    public static bool Befits(EndpointBuilder endpoint) => !endpoint.Metadata.Any(item => item is IAcceptsMetadata)
        && !endpoint.Metadata.OfType<IHttpMethodMetadata>().Any(methods => methods.HttpMethods.Contains(HttpMethods.Get));

    /// <summary>Serves what comes without a body, or with one that says nothing.</summary>
    /// <exception cref="ProblemException">100002, naming the field; 413 for a body beyond the limit.</exception>
    public static RequestDelegate Before(RequestDelegate serve) => http =>
        http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false } ? serve(http) : Check(http, serve);

    private static async Task Check(HttpContext http, RequestDelegate serve)
    {
        using var copy = new MemoryStream();
        await http.Request.Body.CopyToAsync(copy, http.RequestAborted); // Arrivals has waited for it; Kestrel limits its size.
        var body = copy.GetBuffer().AsMemory(0, (int)copy.Length);
        if (body.Span.ContainsAnyExcept(" \t\r\n"u8))
            Body<NoFields>.Parse(new ReadOnlySequence<byte>(body), isPatch: false);
        await serve(http);
    }
}

/// <summary>An object that has no fields.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record NoFields;
