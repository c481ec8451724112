namespace Mall.Api.Rest;

/// <summary>Marks an endpoint whose answer goes on: it has a place among the streams (<see cref="Crowd"/>).</summary>
internal sealed record StreamEndpoint;
