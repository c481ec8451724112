namespace Mall.Api.Grpc;

/// <summary>One call of a gRPC method, as its handler sees it.</summary>
/// <param name="http">The HTTP/2 request that carries it.</param>
/// <param name="patience">What is left of the client's deadline and the server's, whichever is sooner.</param>
/// <param name="cancellation">Fires when the client has gone; in streams also at the deadline and when the server stops.</param>
internal sealed class RpcCall(HttpContext http, Patience patience, CancellationToken cancellation)
{
    public Patience Patience => patience;

    public CancellationToken Cancellation => cancellation;

    /// <summary>The metadata <c>idempotency-key</c>, under the same rules as the REST header.</summary>
    public string? IdempotencyKey() => http.IdempotencyKey();
}
