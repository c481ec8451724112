using Google.Protobuf;
using Mall.Tests.FrontDoor.Grpc;
using static Mall.ErrorCodes;
using static Mall.Tests.FrontDoor.BadRequests.As;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>Calls with wrong frames, wrong metadata, wrong fields and wrong tokens.</summary>
internal static class BadCalls
{
    private const string Register = "/mall.v1.Users/Register";
    private const string Get = "/mall.v1.Products/Get";
    private const string Create = "/mall.v1.Products/Create";
    private const string Place = "/mall.v1.Orders/Place";
    private const string List = "/mall.v1.Orders/List";
    private const int InvalidArgument = 3, DeadlineExceeded = 4, NotFound = 5, PermissionDenied = 7, ResourceExhausted = 8;
    private const int Aborted = 10, Unimplemented = 12, NotSignedIn = 16;

    private static readonly byte[] s_good = RawCall.Frame(new V1.GetProductRequest { Id = 1 });
    private static readonly string s_forged =
        Jwt.Make(Jwt.Header, Jwt.Payload(1, "operator"), "the key of somebody else, long enough");

    public static IEnumerable<BadCall> All => [.. Frames, .. NoCalls, .. Metadata, .. Callers, .. Fields, .. Refusals];

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
        Bytes(RawCall.Frame(s_good[5..], flag: 1), Unimplemented, "a compressed message"),
        Bytes([0, 0xFF, 0xFF, 0xFF, 0xFF, 1], ResourceExhausted, "a message of 4 GB, announced"),
        Bytes(RawCall.Frame(new byte[70_000]), ResourceExhausted, "a message of 70 KB"),
    ];

    private static IEnumerable<BadCall> NoCalls =>
    [
        OfType("application/json"),
        OfType("application/grpc+json"),
        OfType("application/grpc-web"),
        Malformed(s_good, "no such method") with { Method = "/mall.v1.Orders/Steal", Status = Unimplemented },
        Malformed(s_good, "no such service") with { Method = "/mall.v2.Orders/Get", Status = Unimplemented },
        Malformed(s_good, "shops, which are for REST") with { Method = "/mall.v1.Shops/Get", Status = Unimplemented },
        Malformed(s_good, "a path too long") with { Method = Get + "/More", Status = Unimplemented },
    ];

    private static IEnumerable<BadCall> Metadata =>
    [
        With("grpc-timeout", "soon", "a timeout in words"),
        With("grpc-timeout", "5", "a timeout without a unit"),
        With("grpc-timeout", "123456789S", "a timeout of nine digits"),
        With("grpc-timeout", "0m", "a timeout of nothing") with { Status = DeadlineExceeded, Code = TimedOut },
        OrderOf(1, "a key with a space in it") with { Headers = [("idempotency-key", "two words")] },
        OrderOf(1, "a key of 129 characters") with { Headers = [("idempotency-key", new string('k', 129))] },
    ];

    private static IEnumerable<BadCall> Callers =>
    [
        Stranger(OrderOf(1, "no token")),
        Stranger(OrderOf(1, "a forged token")) with { Headers = [("authorization", $"Bearer {s_forged}")] },
        Stranger(Malformed([1, 2, 3], "no token and no message either") with { Method = Place }),
        BadCall.Of(Customer, "/mall.v1.Sagas/List", new V1.ListSagasRequest(), PermissionDenied, Forbidden, "a customer"),
    ];

    private static IEnumerable<BadCall> Fields =>
    [
        Field(Nobody, Register, new V1.RegisterRequest(), "nothing"),
        Field(Nobody, Register, new V1.RegisterRequest { Mobile = "13900000001", Password = "short" }, "a short password"),
        Field(Nobody, "/mall.v1.Users/Login", new V1.LoginRequest { Mobile = "13800000001" }, "no password"),
        Malformed(RawCall.Frame([0x0A, 2, 0xC3, 0x28]), "not UTF-8") with { Method = Create, Who = Seller },
        Field(Nobody, Get, new V1.GetProductRequest { Id = -1 }, "a negative product"),
        Field(Seller, Create, new V1.CreateProductRequest { Name = "Teapot", Stock = 1 }, "no price"),
        Field(Seller, Create, new V1.CreateProductRequest { Name = "\u200B", Stock = 1, Price = 1 }, "a name that shows nothing"),
        Field(
            Nobody, Register, new V1.RegisterRequest { Mobile = "13900000001", Password = "correct horse", Name = "\u3164" },
            "a name that shows nothing"),
        Field(Nobody, Get, new V1.GetProductRequest { Id = 1L << 53 }, "a product that no double holds"),
        Field(Seller, Create, new V1.CreateProductRequest { Name = "Teapot", Stock = -1, Price = 1 }, "a negative stock"),
        Field(Seller, "/mall.v1.Products/Update", new V1.UpdateProductRequest { Price = 1 }, "no product"),
        Field(Seller, "/mall.v1.Products/AdjustStock", new V1.AdjustStockRequest { Id = 1 }, "no delta"),
        Field(Customer, List, new V1.ListOrdersRequest { Limit = 101 }, "a page of 101"),
        Field(Customer, List, new V1.ListOrdersRequest { After = "-1" }, "no cursor"),
        Field(Customer, List, new V1.ListOrdersRequest { Status = (V1.OrderStatus)7 }, "a status that there is not"),
        Field(Operator, "/mall.v1.Sagas/List", new V1.ListSagasRequest { Status = "done" }, "a status that there is not"),
        Field(Operator, "/mall.v1.Sagas/Get", new V1.GetSagaRequest(), "no gid"),
        Field(Customer, Place, new V1.PlaceOrderRequest(), "no items"),
        OrderOf(0, "quantity 0"),
        OrderOf(1001, "quantity 1,001"),
    ];

    private static IEnumerable<BadCall> Refusals =>
    [
        BadCall.Of(
            Nobody, "/mall.v1.Users/Login", new V1.LoginRequest { Mobile = "13800000001", Password = "wrong horse" },
            NotSignedIn, WrongCredentials, "a wrong password"),
        BadCall.Of(
            Operator, "/mall.v1.Sagas/Retry", new V1.RetrySagaRequest { Gid = "none" }, NotFound, NoSuchSaga, "no such saga"),
        BadCall.Of(Customer, Get, new V1.GetProductRequest { Id = 999_999 }, NotFound, NoSuchProduct, "no such product"),
        BadCall.Of(
            Seller, "/mall.v1.Products/AdjustStock", door => new V1.AdjustStockRequest { Id = door.ProductId, Delta = -1000 },
            Aborted, NotEnoughStock, "below zero"),
        BadCall.Of(
            Customer, "/mall.v1.Products/Remove", door => new V1.RemoveProductRequest { Id = door.ProductId },
            PermissionDenied, Forbidden, "somebody else's product"),
    ];

    private static BadCall Bytes(byte[] body, int status, string name) => new(name, Nobody, Get, _ => body, status, BadParameter);

    private static BadCall Malformed(byte[] body, string name) => Bytes(body, InvalidArgument, name);

    private static BadCall With(string header, string value, string name) =>
        Malformed(s_good, name) with { Headers = [(header, value)] };

    private static BadCall Stranger(BadCall call) => call with { Who = Nobody, Status = NotSignedIn, Code = Unauthenticated };

    private static BadCall OfType(string contentType) =>
        With("Content-Type", contentType, $"content type {contentType}") with { Status = null, HttpStatus = 415 };

    private static BadCall Field(As who, string method, IMessage message, string name) =>
        BadCall.Of(who, method, message, InvalidArgument, BadParameter, name);

    private static BadCall OrderOf(long quantity, string name)
    {
        return BadCall.Of(Customer, Place, Order, InvalidArgument, BadParameter, name);

        V1.PlaceOrderRequest Order(FrontDoorMall door) =>
            new() { Items = { new V1.PlaceOrderRequest.Types.Item { ProductId = door.ProductId, Quantity = quantity } } };
    }
}
