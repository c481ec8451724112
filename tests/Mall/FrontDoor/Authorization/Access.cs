using Google.Protobuf;

namespace Mall.Tests.FrontDoor.Authorization;

/// <summary>Whom an endpoint is for.</summary>
public enum Whom
{
    /// <summary>Anybody; it does not even look at a token.</summary>
    Anybody,

    /// <summary>Whoever has a good token.</summary>
    Users,

    /// <summary>The customer whose order, payment or the like it is.</summary>
    ItsBuyer,

    /// <summary>The seller whose product it is.</summary>
    ItsSeller,

    /// <summary>Whoever has a shop, whatever their token says.</summary>
    Sellers,

    Operators,

    /// <summary>Whoever signs the request with a key; no token helps.</summary>
    Signers,
}

/// <summary>A line of the table of who may do what.</summary>
/// <param name="Endpoint">Method and route, or the gRPC method.</param>
/// <param name="Body">
/// One that gets as far as the owner check, where there is one: what is wrong with a body is told before. $product, $shop, $order
/// are the ids of those.
/// </param>
public sealed record Access(string Endpoint, Whom For, string? Body = null, Func<FrontDoorMall, IMessage>? Message = null)
{
    public bool IsGrpc => Endpoint[0] == '/';
}

/// <summary>Who may do what.</summary>
public static class AccessTable
{
    private const string Item = """{"productId":$product,"quantity":1}""";

    public static IReadOnlyList<Access> Rest { get; } =
    [
        new("GET /health/live", Whom.Anybody),
        new("GET /health/ready", Whom.Anybody),

        new("POST /v1/users", Whom.Anybody, "{}"),
        new("GET /v1/users/me", Whom.Users),
        new("POST /v1/sessions", Whom.Anybody, "{}"),
        new("POST /v1/sessions/refresh", Whom.Anybody, "{}"),
        new("DELETE /v1/sessions/current", Whom.Users),
        new("GET /v1/auth/verify", Whom.Users),

        new("POST /v1/shops", Whom.Users, "{}"),
        new("GET /v1/shops", Whom.Anybody),
        new("GET /v1/shops/{id}", Whom.Anybody),
        new("POST /v1/products", Whom.Sellers, """{"name":"Cup","stock":1,"price":1}"""),
        new("GET /v1/products", Whom.Anybody),
        new("GET /v1/products/{id}", Whom.Anybody),
        new("GET /v1/products/{id}/reviews", Whom.Anybody),
        new("POST /v1/products/{id}/reviews", Whom.Users, "{}"),
        new("PATCH /v1/products/{id}", Whom.ItsSeller, """{"price":250}"""),
        new("POST /v1/products/{id}/stock", Whom.ItsSeller, """{"delta":1}"""),
        new("DELETE /v1/products/{id}", Whom.ItsSeller),

        new("GET /v1/cart", Whom.Users),
        new("PUT /v1/cart/items/{productId}", Whom.Users, "{}"),
        new("DELETE /v1/cart", Whom.Users),
        new("POST /v1/cart/checkout", Whom.Users),

        new("POST /v1/orders", Whom.Users, $$"""{"items":[{{Item}}]}"""),
        new("GET /v1/orders", Whom.Users),
        new("GET /v1/orders/{id}", Whom.ItsBuyer),
        new("GET /v1/orders/{id}/events", Whom.ItsBuyer),
        new("POST /v1/orders/{id}/cancel", Whom.ItsBuyer),
        new("POST /v1/orders/{id}/refund", Whom.ItsBuyer),
        new("POST /v1/payments", Whom.ItsBuyer, """{"orderId":$order}"""),
        new("GET /v1/payments/{id}", Whom.ItsBuyer),
        new("POST /v1/payments/callback", Whom.Signers, "{}"),

        new("GET /v1/sagas", Whom.Operators),
        new("GET /v1/sagas/{gid}", Whom.Operators),
        new("POST /v1/sagas/{gid}/retry", Whom.Operators),
        new("POST /v1/sagas/{gid}/abort", Whom.Operators),
        new("GET /v1/events", Whom.Operators),
        new("GET /v1/events/stream", Whom.Operators),
        new("POST /v1/webhooks", Whom.Operators, "{}"),
        new("GET /v1/webhooks", Whom.Operators),
        new("GET /v1/webhooks/{id}", Whom.Operators),
        new("PATCH /v1/webhooks/{id}", Whom.Operators, "{}"),
        new("DELETE /v1/webhooks/{id}", Whom.Operators),
        new("POST /v1/webhooks/{id}/test", Whom.Operators),
        new("GET /v1/schedules", Whom.Operators),
        new("POST /v1/schedules/{name}/run", Whom.Operators),
        new("PATCH /v1/schedules/{name}", Whom.Operators, "{}"),
        new("GET /v1/cluster", Whom.Operators),
    ];

    public static IReadOnlyList<Access> Rpcs { get; } =
    [
        new("/mall.v1.Users/Register", Whom.Anybody, Message: _ => new V1.RegisterRequest()),
        new("/mall.v1.Users/Login", Whom.Anybody, Message: _ => new V1.LoginRequest()),
        new("/mall.v1.Users/Refresh", Whom.Anybody, Message: _ => new V1.RefreshRequest()),
        new("/mall.v1.Users/Me", Whom.Users, Message: _ => new V1.MeRequest()),

        new(
            "/mall.v1.Products/Create", Whom.Sellers,
            Message: _ => new V1.CreateProductRequest { Name = "Cup", Stock = 1, Price = 1 }),
        new("/mall.v1.Products/List", Whom.Anybody, Message: _ => new V1.ListProductsRequest()),
        new("/mall.v1.Products/Get", Whom.Anybody, Message: _ => new V1.GetProductRequest { Id = 1 }),
        new(
            "/mall.v1.Products/Update", Whom.ItsSeller,
            Message: d => new V1.UpdateProductRequest { Id = d.ProductId, Price = 250 }),
        new(
            "/mall.v1.Products/AdjustStock", Whom.ItsSeller,
            Message: d => new V1.AdjustStockRequest { Id = d.ProductId, Delta = 1 }),
        new("/mall.v1.Products/Remove", Whom.ItsSeller, Message: d => new V1.RemoveProductRequest { Id = d.ProductId }),

        new("/mall.v1.Orders/Place", Whom.Users, Message: _ => new V1.PlaceOrderRequest()),
        new("/mall.v1.Orders/Get", Whom.ItsBuyer, Message: d => new V1.GetOrderRequest { Id = d.OrderId }),
        new("/mall.v1.Orders/List", Whom.Users, Message: _ => new V1.ListOrdersRequest()),
        new("/mall.v1.Orders/Watch", Whom.ItsBuyer, Message: d => new V1.WatchOrderRequest { Id = d.OrderId }),
        new("/mall.v1.Orders/Cancel", Whom.ItsBuyer, Message: d => new V1.CancelOrderRequest { Id = d.OrderId }),
        new("/mall.v1.Orders/Refund", Whom.ItsBuyer, Message: d => new V1.RefundOrderRequest { Id = d.OrderId }),
        new("/mall.v1.Payments/Create", Whom.ItsBuyer, Message: d => new V1.CreatePaymentRequest { OrderId = d.OrderId }),
        new("/mall.v1.Payments/Get", Whom.ItsBuyer, Message: d => new V1.GetPaymentRequest { Id = d.PaymentId }),
        new("/mall.v1.Payments/Callback", Whom.Signers, Message: _ => new V1.PaymentCallbackRequest()),

        new("/mall.v1.Sagas/Get", Whom.Operators, Message: _ => new V1.GetSagaRequest()),
        new("/mall.v1.Sagas/List", Whom.Operators, Message: _ => new V1.ListSagasRequest()),
        new("/mall.v1.Sagas/Retry", Whom.Operators, Message: _ => new V1.RetrySagaRequest()),
        new("/mall.v1.Sagas/Abort", Whom.Operators, Message: _ => new V1.AbortSagaRequest()),

        new("/grpc.health.v1.Health/Check", Whom.Anybody, Message: _ => new V1.MeRequest()),
        new("/grpc.health.v1.Health/Watch", Whom.Anybody, Message: _ => new V1.MeRequest()),
        new("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Whom.Anybody, Message: _ => new V1.MeRequest()),
        new("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Whom.Anybody, Message: _ => new V1.MeRequest()),
    ];
}
