namespace Mall.Api.Rest;

/// <summary>Marks the endpoints of the REST door.</summary>
/// <param name="IsOpen">Whether it serves callers without a token.</param>
internal sealed record RestEndpoint(bool IsOpen);

/// <summary>The codes with which an endpoint may refuse, besides those that every endpoint may answer.</summary>
internal sealed record RefusalCodes(int[] Codes);

/// <summary>What all REST endpoints have in common, added to each when it is complete.</summary>
internal static class RestRoutes
{
    private static readonly int[] s_everywhere =
    [
        ErrorCodes.BadParameter, ErrorCodes.Internal, ErrorCodes.StorageUnavailable, ErrorCodes.TooManyRequests,
        ErrorCodes.TimedOut,
    ];

    /// <summary>All REST endpoints: checked strictly, named by feature and handler, described with their refusals.</summary>
    public static RouteGroupBuilder MapRest(this IEndpointRouteBuilder routes)
    {
        var rest = routes.MapGroup("");
        ((IEndpointConventionBuilder)rest).Finally(Complete);
        return rest;
    }

    /// <summary>Names the error codes that the endpoint itself may answer with, for the OpenAPI document.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params int[] codes) =>
        endpoint.WithMetadata(new RefusalCodes(codes));

    private static void Complete(EndpointBuilder endpoint)
    {
        var handler = endpoint.Metadata.OfType<MethodInfo>().First();
        var feature = endpoint.Metadata.OfType<ITagsMetadata>().First().Tags[0];
        var isOpen = !endpoint.Metadata.OfType<IAuthorizeData>().Any() || endpoint.Metadata.OfType<IAllowAnonymous>().Any();
        endpoint.Metadata.Add(new EndpointNameMetadata(feature + handler.Name));
        endpoint.Metadata.Add(new RestEndpoint(isOpen));
        var serve = endpoint.RequestDelegate!;
        if (NoBody.Befits(endpoint))
        {
            endpoint.Metadata.Add(new NoBody());
            serve = NoBody.Before(serve);
        }

        foreach (var refusal in Refusals(endpoint, isOpen))
            endpoint.Metadata.Add(refusal);

        var check = new RequestCheck((RouteEndpointBuilder)endpoint, handler);
        endpoint.RequestDelegate = http =>
        {
            check.Check(http);
            return serve(http);
        };
    }

    private static IEnumerable<ProducesResponseTypeMetadata> Refusals(EndpointBuilder endpoint, bool isOpen)
    {
        List<int> codes = [.. s_everywhere, .. endpoint.Metadata.OfType<RefusalCodes>().SelectMany(refusals => refusals.Codes)];
        if (!isOpen)
            codes.Add(ErrorCodes.Unauthenticated);
        if (endpoint.Metadata.OfType<IAuthorizeData>().Any(data => data.Policy == Policies.Operator))
            codes.Add(ErrorCodes.Forbidden);
        foreach (var status in codes.Distinct().Select(ProblemKind.Of).GroupBy(kind => kind.HttpStatus))
            yield return Refusal(status.Key, string.Join("; ", status.Select(kind => $"{kind.Code}: {kind.Title}")));
        if (endpoint.Metadata.Any(item => item is IAcceptsMetadata or NoBody))
            yield return Refusal(StatusCodes.Status413PayloadTooLarge, $"{ErrorCodes.BadParameter}: The body is too large");
        if (endpoint.Metadata.Any(item => item is IAcceptsMetadata))
            yield return Refusal(
                StatusCodes.Status415UnsupportedMediaType,
                $"{ErrorCodes.BadParameter}: The body is not application/json in UTF-8");
    }

    private static ProducesResponseTypeMetadata Refusal(int status, string description) =>
        new(status, typeof(ProblemAnswer), [ProblemWriter.ContentType]) { Description = description };
}
