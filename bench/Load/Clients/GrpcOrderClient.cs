using Grpc.Core;
using Grpc.Net.Client;
using Mall.V1;

namespace Mall.Bench.Load.Clients;

/// <summary>Orders over an HTTP/2 connection, one call under way; other clients may share the connection.</summary>
/// <param name="connection">Made by <see cref="Connect"/>, and not this client's to close.</param>
/// <param name="token">Whose orders they are.</param>
/// <param name="requests">Made by <see cref="Render"/>.</param>
sealed class GrpcOrderClient(GrpcChannel connection, string token, PlaceOrderRequest[] requests) : IOrderClient
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly V1.Orders.OrdersClient _orders = new(connection);
    readonly string _authorization = $"Bearer {token}";

    /// <summary>A connection of its own, opened by the first call on it, and again when it was lost.</summary>
    public static GrpcChannel Connect(Uri address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null },
        DisposeHttpClient = true,
    });

    /// <summary>The request that orders a basket.</summary>
    public static PlaceOrderRequest Render(Basket basket) =>
        new() { Items = { basket.Products.Select(id => new PlaceOrderRequest.Types.Item { ProductId = id, Quantity = 1 }) } };

    public async ValueTask<string?> PlaceAsync(int basket, string idempotencyKey)
    {
        var headers = new Metadata { { "authorization", _authorization }, { "idempotency-key", idempotencyKey } };
        try
        {
            await _orders.PlaceAsync(requests[basket], headers, DateTime.UtcNow + s_patience);
            return null;
        }
        catch (RpcException e)
        {
            if (e.Trailers.GetValue("mall-code") is { } code)
                return code;

            // Not at once again: callers in a loop would do nothing but be refused, thousands of times a second.
            await Task.Delay(TimeSpan.FromMilliseconds(100));
            return $"grpc {e.StatusCode}";
        }
    }

    public void Dispose()
    {
    }
}
