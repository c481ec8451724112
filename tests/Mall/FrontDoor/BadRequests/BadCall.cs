using Google.Protobuf;
using Mall.Tests.FrontDoor.Grpc;
using static Mall.Tests.FrontDoor.BadRequests.As;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>A gRPC call that must be refused, and how.</summary>
/// <param name="Body">What the client sends, frames and all.</param>
/// <param name="Status">As in <c>grpc-status</c>; null when it is no gRPC call at all and HTTP's status says so.</param>
internal sealed record BadCall(string Name, As Who, string Method, Func<FrontDoorMall, byte[]> Body, int? Status, int Code)
{
    public int HttpStatus { get; init; } = 200;

    public (string, string)[] Headers { get; init; } = [];
}

/// <summary>Calls with wrong frames, wrong metadata, wrong fields and wrong tokens.</summary>
internal static class BadCalls
{
    private const string Place = "/mall.v1.Orders/Place";
    private const string Get = "/mall.v1.Products/Get";
    private const int InvalidArgument = 3, DeadlineExceeded = 4, NotFound = 5, PermissionDenied = 7, ResourceExhausted = 8;
    private const int Aborted = 10, Unimplemented = 12, Unauthenticated = 16;

    private static readonly byte[] s_good = RawCall.Frame(new V1.GetProductRequest { Id = 1 });

    public static IEnumerable<BadCall> All => [.. Frames, .. NoCalls, .. Metadata, .. Fields];

    private static IEnumerable<BadCall> Frames =>
    [
        Malformed([], "no message"),
        Malformed([0], "a prefix cut after the flag"),
        Malformed([0, 0, 0, 0], "a prefix cut before its end"),
        Malformed([0, 0, 0, 0, 9, 8, 1], "a message cut before its end"),
        Malformed(s_good[..^1], "a good message cut before its end"),
        Malformed([.. s_good, .. s_good], "two messages for a unary method"),
        Malformed([.. s_good, 0], "something after the message"),
        Malformed([7, .. s_good[1..]], "an unknown flag"),
        Malformed(RawCall.Frame([0xFF, 0xFF, 0xFF, 0xFF]), "bytes that are no message"),
        Malformed(RawCall.Frame([0x08, 0xFF]), "a number that does not end"),
        Malformed(RawCall.Frame([0x08, .. Enumerable.Repeat((byte)0xFF, 12)]), "a number beyond 64 bits"),
        Malformed(RawCall.Frame([0x0A, 0x7F, 0x01]), "a length beyond the message"),
        Malformed(RawCall.Frame([0x00]), "field 0"),
        Malformed(RawCall.Frame([.. Enumerable.Repeat((byte)0x0B, 500)]), "500 groups in each other"),
        Malformed([.. "GET / HTTP/1.1\r\n\r\n"u8], "another protocol"),
        new("a compressed message", Nobody, Get, _ => RawCall.Frame(s_good[5..], flag: 1), Unimplemented, ErrorCodes.BadParameter),
        new("a message of 4 GB, announced", Nobody, Get, _ => [0, 0xFF, 0xFF, 0xFF, 0xFF, 1], ResourceExhausted, ErrorCodes.BadParameter),
        new("a message of 70 KB", Nobody, Get, _ => RawCall.Frame(new byte[70_000]), ResourceExhausted, ErrorCodes.BadParameter),
    ];

    private static IEnumerable<BadCall> NoCalls =>
    [
        OfType("application/json"),
        OfType("application/grpc+json"),
        OfType("application/grpc-web"),
        new("no such method", Nobody, "/mall.v1.Orders/Steal", _ => s_good, Unimplemented, ErrorCodes.BadParameter),
        new("no such service", Nobody, "/mall.v2.Orders/Get", _ => s_good, Unimplemented, ErrorCodes.BadParameter),
        new("a method in another case", Nobody, "/mall.v1.Products/Get/More", _ => s_good, Unimplemented, ErrorCodes.BadParameter),
    ];

    private static IEnumerable<BadCall> Metadata =>
    [
        WithHeader("grpc-timeout", "soon", "a timeout in words"),
        WithHeader("grpc-timeout", "5", "a timeout without a unit"),
        WithHeader("grpc-timeout", "123456789S", "a timeout of nine digits"),
        new("a timeout of nothing", Nobody, Get, _ => s_good, DeadlineExceeded, ErrorCodes.TimedOut) { Headers = [("grpc-timeout", "0m")] },
        OrderOf(1, InvalidArgument, "a key with a space in it", Customer) with { Headers = [("idempotency-key", "two words")] },
        OrderOf(1, InvalidArgument, "a key of 129 characters", Customer) with { Headers = [("idempotency-key", new string('k', 129))] },
        OrderOf(1, Unauthenticated, "no token", Nobody) with { Code = ErrorCodes.Unauthenticated },
        OrderOf(1, Unauthenticated, "a forged token", Nobody) with
        {
            Code = ErrorCodes.Unauthenticated,
            Headers = [("authorization", $"Bearer {Jwt.Make(Jwt.Header, Jwt.Payload(1, "operator"), "the key of somebody else, long enough")}")],
        },
        new("sagas for a customer", Customer, "/mall.v1.Sagas/List", _ => RawCall.Frame([]), PermissionDenied, ErrorCodes.Forbidden),
        new("no token and no message either", Nobody, Place, _ => [1, 2, 3], Unauthenticated, ErrorCodes.Unauthenticated),
    ];

    private static IEnumerable<BadCall> Fields =>
    [
        Field("/mall.v1.Users/Register", Nobody, new V1.RegisterRequest(), "an empty registration"),
        Field("/mall.v1.Users/Register", Nobody, new V1.RegisterRequest { Mobile = "13900000001", Password = "short" }, "a short password"),
        Field("/mall.v1.Users/Login", Nobody, new V1.LoginRequest { Mobile = "13800000001" }, "no password"),
        new("a wrong password", Nobody, "/mall.v1.Users/Login",
            _ => RawCall.Frame(new V1.LoginRequest { Mobile = "13800000001", Password = "wrong horse" }), Unauthenticated, ErrorCodes.WrongCredentials),
        new("bytes that are not UTF-8 in a name", Seller, "/mall.v1.Shops/Open",
            _ => RawCall.Frame([0x0A, 2, 0xC3, 0x28]), InvalidArgument, ErrorCodes.BadParameter),
        Field("/mall.v1.Shops/Get", Nobody, new V1.GetShopRequest(), "shop 0"),
        Field("/mall.v1.Products/Get", Nobody, new V1.GetProductRequest { Id = -1 }, "a negative product"),
        Field("/mall.v1.Products/Create", Seller, new V1.CreateProductRequest { Name = "Teapot", Stock = 1 }, "no price"),
        Field("/mall.v1.Products/Create", Seller, new V1.CreateProductRequest { Name = "Teapot", Stock = -1, Price = 1 }, "a negative stock"),
        Field("/mall.v1.Products/Update", Seller, new V1.UpdateProductRequest { Price = 1 }, "no product"),
        Field("/mall.v1.Products/AdjustStock", Seller, new V1.AdjustStockRequest { Id = 1 }, "no delta"),
        Field("/mall.v1.Orders/List", Customer, new V1.ListOrdersRequest { Limit = 101 }, "a page of 101"),
        Field("/mall.v1.Orders/List", Customer, new V1.ListOrdersRequest { After = -1 }, "a negative id"),
        Field("/mall.v1.Orders/List", Customer, new V1.ListOrdersRequest { Status = (V1.OrderStatus)7 }, "a status that there is not"),
        Field("/mall.v1.Sagas/List", Operator, new V1.ListSagasRequest { Status = "done" }, "a status that there is not, of sagas"),
        Field("/mall.v1.Sagas/Get", Operator, new V1.GetSagaRequest(), "no gid"),
        new("no such saga", Operator, "/mall.v1.Sagas/Retry", _ => RawCall.Frame(new V1.RetrySagaRequest { Gid = "none" }), NotFound, ErrorCodes.NoSuchSaga),
        Field(Place, Customer, new V1.PlaceOrderRequest(), "no items"),
        OrderOf(0, InvalidArgument, "quantity 0", Customer),
        OrderOf(1001, InvalidArgument, "quantity 1,001", Customer),
        new("no such product", Customer, Get, _ => RawCall.Frame(new V1.GetProductRequest { Id = 999_999 }), NotFound, ErrorCodes.NoSuchProduct),
        new("stock below zero", Seller, "/mall.v1.Products/AdjustStock",
            door => RawCall.Frame(new V1.AdjustStockRequest { Id = door.ProductId, Delta = -1000 }), Aborted, ErrorCodes.NotEnoughStock),
        new("somebody else's product", Customer, "/mall.v1.Products/Remove",
            door => RawCall.Frame(new V1.RemoveProductRequest { Id = door.ProductId }), PermissionDenied, ErrorCodes.Forbidden),
    ];

    private static BadCall Malformed(byte[] body, string name) => new(name, Nobody, Get, _ => body, InvalidArgument, ErrorCodes.BadParameter);

    private static BadCall OfType(string contentType) =>
        new($"content type {contentType}", Nobody, Get, _ => s_good, null, ErrorCodes.BadParameter)
        {
            HttpStatus = 415,
            Headers = [("Content-Type", contentType)],
        };

    private static BadCall WithHeader(string header, string value, string name) =>
        Malformed(s_good, name) with { Headers = [(header, value)] };

    private static BadCall Field(string method, As who, IMessage message, string name) =>
        new($"{method}: {name}", who, method, _ => RawCall.Frame(message), InvalidArgument, ErrorCodes.BadParameter);

    private static BadCall OrderOf(long quantity, int status, string name, As who) => new(
        $"{Place}: {name}",
        who,
        Place,
        door => RawCall.Frame(new V1.PlaceOrderRequest { Items = { new V1.PlaceOrderRequest.Types.Item { ProductId = door.ProductId, Quantity = quantity } } }),
        status,
        ErrorCodes.BadParameter);
}
