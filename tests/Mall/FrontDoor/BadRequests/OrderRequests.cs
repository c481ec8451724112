using static Mall.Tests.FrontDoor.BadRequests.As;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>Requests about orders and sagas, and for paths that there are not, that must be refused.</summary>
internal static class OrderRequests
{
    private const string Orders = "/v1/orders";
    private const string Sagas = "/v1/sagas";
    private const string Good = """{"items":[{"productId":$product,"quantity":1}]}""";

    private static readonly string s_longGid = new('g', 129);

    public static IEnumerable<BadRequest> All => [.. Placements, .. Lists, .. WithoutBody, .. AboutSagas, .. Paths];

    private static IEnumerable<BadRequest> Placements =>
    [
        Place("{}", "items", "no items"),
        Place("""{"items":null}""", "items", "items that are null"),
        Place("""{"items":[]}""", "items", "an empty list"),
        Place("""{"items":{"productId":$product,"quantity":1}}""", "items", "an object for a list"),
        Place(ManyItems(51), "items", "51 items"),
        Place("""{"items":[null]}""", "items[0].productId", "an item that is null"),
        Place("""{"items":[{"quantity":1}]}""", "items[0].productId", "no product"),
        Item("""{"productId":0,"quantity":1}""", "items[1].productId", "product 0"),
        Item("""{"productId":-5,"quantity":1}""", "items[1].productId", "a negative product"),
        Item("""{"productId":9007199254740993,"quantity":1}""", "items[1].productId", "a product that no double holds"),
        Item("""{"productId":"$product","quantity":1}""", "items[1].productId", "a product that is a text"),
        Item("""{"productId":$product}""", "items[1].quantity", "no quantity"),
        Item("""{"productId":$product,"quantity":0}""", "items[1].quantity", "quantity 0"),
        Item("""{"productId":$product,"quantity":-1}""", "items[1].quantity", "a negative quantity"),
        Item("""{"productId":$product,"quantity":1001}""", "items[1].quantity", "quantity 1,001"),
        Item("""{"productId":$product,"quantity":1000}""", "items[1].quantity", "more than 1,000 of one product in two items"),
        Item("""{"productId":$product,"quantity":1.0}""", "items[1].quantity", "a quantity with decimals"),
        Item("""{"productId":$product,"quantity":"1"}""", "items[1].quantity", "a quantity that is a text"),
        Item("""{"productId":$product,"quantity":99999999999999999999}""", "items[1].quantity", "a quantity beyond 64 bits"),
        Item("""{"productId":$product,"quantity":1,"price":1}""", "items[1].price", "a price, which is the server's"),
        Place("""{"items":[{"productId":$product,"quantity":1}],"amount":1}""", "amount", "an amount, which is the server's"),
        Place("""{"items":[{"productId":$product,"quantity":1}],"userId":1}""", "userId", "a user, who is the token's"),
        Place("""{"items":[{"productId":$product,"quantity":1}],"status":1}""", "status", "a status, which is the server's"),
        Bad("POST", Orders + "?wait=maybe", Good, "wait", "wait=maybe"),
        Bad("POST", Orders + "?wait=1", Good, "wait", "wait=1"),
        Bad("POST", Orders + "?wait=true&wait=false", Good, "wait", "wait twice"),
        Bad("POST", Orders, Good, "Idempotency-Key", "a key with a tab in it") with { Headers = [("Idempotency-Key", "a\tb")] },
        BadRequest.Refused(Nobody, "POST", Orders, Good, 401, ErrorCodes.Unauthenticated, "nobody's order"),
        No("POST", Orders, """{"items":[{"productId":999999,"quantity":1}]}""", 404, ErrorCodes.NoSuchProduct, "no such product"),
    ];

    private static IEnumerable<BadRequest> Lists =>
    [
        Bad("GET", Orders + "/abc", null, "id", "an id of letters"),
        Bad("GET", Orders + "/0", null, "id", "order 0"),
        No("GET", Orders + "/999999", null, 404, ErrorCodes.NoSuchOrder, "no such order"),
        BadRequest.Refused(Seller, "GET", Orders + "/$order", null, 403, ErrorCodes.Forbidden, "somebody else's order"),
        BadRequest.Refused(Nobody, "GET", Orders + "/$order", null, 401, ErrorCodes.Unauthenticated, "nobody's order"),
        BadRequest.Refused(Nobody, "GET", Orders, null, 401, ErrorCodes.Unauthenticated, "nobody's orders"),
        BadRequest.Refused(Nobody, "GET", "/v1/users/me", null, 401, ErrorCodes.Unauthenticated, "nobody"),
        Bad("GET", Orders + "?status=5", null, "status", "a status that there is not"),
        Bad("GET", Orders + "?status=paid", null, "status", "a status in words"),
        Bad("GET", Orders + "?status=-1", null, "status", "a negative status"),
        Bad("GET", Orders + "?limit=0", null, "limit", "a page of nothing"),
        Bad("GET", Orders + "?limit=101", null, "limit", "a page of 101"),
        Bad("GET", Orders + "?limit=ten", null, "limit", "a limit in words"),
        Bad("GET", Orders + "?limit=1&limit=2", null, "limit", "a limit twice"),
        Bad("GET", Orders + "?Limit=1", null, "Limit", "a limit in another case"),
        Bad("GET", Orders + "?page=2", null, "page", "a name that there is not"),
        Bad("GET", Orders + "?x", null, "x", "a name without a value"),
        Bad("POST", Orders + "/0/cancel", null, "id", "cancelling order 0"),
        Bad("POST", Orders + "/$order/cancel?why=no", null, "why", "a name that there is not"),
        No("POST", Orders + "/999999/cancel", null, 404, ErrorCodes.NoSuchOrder, "cancelling no order"),
        BadRequest.Refused(Seller, "POST", Orders + "/$order/cancel", null, 403, ErrorCodes.Forbidden, "somebody else's order"),
        BadRequest.Refused(Nobody, "POST", Orders + "/$order/cancel", null, 401, ErrorCodes.Unauthenticated, "nobody cancels"),
        Bad("GET", Orders + "/abc/events", null, "id", "events of letters"),
        BadRequest.Refused(Seller, "GET", Orders + "/$order/events", null, 403, ErrorCodes.Forbidden, "somebody else's events"),
        Bad("GET", Orders + "/$order?verbose=true", null, "verbose", "a name that there is not"),
        Bad("POST", Orders + "?dry=true", Good, "dry", "a name that there is not"),
        Bad("GET", $"{Orders}?{s_longGid}=1", null, null, "a name of 129 characters"),
        Bad("GET", Orders + "?after=-1", null, "after", "no cursor"),
        Bad("GET", Orders + "?after=MSBn", null, "after", "a cursor of another list"),
        Bad("GET", Orders + "?after=MSA5MjIzMzcyMDM2ODU0Nzc1ODA4", null, "after", "a cursor beyond 64 bits"),
        Bad("GET", Orders + "?order=newest", null, "order", "an order that there is not"),
    ];

    /// <summary>What can be wrong with a body where none is taken.</summary>
    private static IEnumerable<BadRequest> WithoutBody =>
    [
        Checkout("""{"bogus":true}""", "bogus", "a field"),
        Checkout("""{"bogus":true,"bogus":true}""", "bogus", "a field twice"),
        Checkout("this is not json", null, "no JSON"),
        Checkout("null", null, "null"),
        Checkout("[]", null, "a list"),
        Checkout("{", null, "an object that does not end"),
        Checkout("{}{}", null, "two objects"),
        Checkout("\u00A0", null, "a space that is none of JSON's"),
        TooLarge(chunked: false, "a body beyond the limit"),
        TooLarge(chunked: true, "a body beyond the limit, in chunks"),
        Bad("DELETE", "/v1/cart", """{"productId":$product}""", "productId", "one product"),
        Bad("POST", Orders + "/$order/cancel", """{"why":"no"}""", "why", "a reason"),
        Bad("POST", Orders + "/$order/refund", """{"amount":1}""", "amount", "a part of it"),
        BadRequest.Refused(Nobody, "POST", Orders + "/$order/cancel", "x", 401, ErrorCodes.Unauthenticated, "nobody says x"),
    ];

    private static IEnumerable<BadRequest> AboutSagas =>
    [
        BadRequest.Refused(Customer, "GET", Sagas, null, 403, ErrorCodes.Forbidden, "a customer looks at sagas"),
        BadRequest.Refused(Customer, "POST", Sagas + "/x/abort", null, 403, ErrorCodes.Forbidden, "a customer aborts a saga"),
        BadRequest.Refused(Nobody, "GET", Sagas, null, 401, ErrorCodes.Unauthenticated, "nobody looks at sagas"),
        Ops("GET", Sagas + "?status=done", "status", "a status that there is not"),
        Ops("GET", Sagas + "?limit=1000", "limit", "a page of 1,000"),
        Ops("GET", $"{Sagas}?after={s_longGid}", "after", "no cursor"),
        Ops("GET", $"{Sagas}?after=MSAA", "after", "a cursor that no database can hold"),
        Ops("GET", $"{Sagas}/{s_longGid}", "gid", "a gid of 129 characters"),
        Ops("GET", Sagas + "/a%07b", "gid", "a control character in a gid"),
        BadRequest.Refused(Operator, "GET", Sagas + "/none", null, 404, ErrorCodes.NoSuchSaga, "no such saga"),
        BadRequest.Refused(Operator, "POST", Sagas + "/none/retry", null, 404, ErrorCodes.NoSuchSaga, "no such saga"),
        BadRequest.Refused(Operator, "POST", Sagas + "/none/abort", null, 404, ErrorCodes.NoSuchSaga, "no such saga"),
    ];

    private static IEnumerable<BadRequest> Paths =>
    [
        Path("GET", "/v1", 404),
        Path("GET", "/v2/orders", 404),
        Path("POST", "/v1/orders/$order/steal", 404),
        Path("GET", "/etc/passwd", 404),
        Path("GET", "/v1/../../etc/passwd", 404),
        Path("PUT", "/v1/orders", 405),
        Path("DELETE", "/v1/orders/$order", 405),
        Path("GET", "/v1/sessions", 405),
        Path("POST", "/v1/users/me", 405),
        Path("POST", "/health/live", 405),
        Path("BREW", "/v1/products/$product", 405),
    ];

    private static string ManyItems(int count)
    {
        var items = Enumerable.Range(1, count).Select(id => $$"""{"productId":{{id}},"quantity":1}""");
        return $$"""{"items":[{{string.Join(',', items)}}]}""";
    }

    private static BadRequest Place(string body, string field, string name) => Bad("POST", Orders, body, field, name);

    /// <summary>The second of two items is wrong.</summary>
    private static BadRequest Item(string item, string field, string name) =>
        Place($$"""{"items":[{"productId":$product,"quantity":1},{{item}}]}""", field, name);

    private static BadRequest Bad(string method, string path, string? body, string? field, string name) =>
        BadRequest.Field100002(Customer, method, path, body, field, name);

    private static BadRequest No(string method, string path, string? body, int status, int code, string name) =>
        BadRequest.Refused(Customer, method, path, body, status, code, name);

    private static BadRequest Checkout(string body, string? field, string name) =>
        Bad("POST", "/v1/cart/checkout", body, field, name);

    private static BadRequest TooLarge(bool chunked, string name) =>
        No("POST", "/v1/cart/checkout", new string('x', 200_000), 413, ErrorCodes.BadParameter, name) with { Chunked = chunked };

    private static BadRequest Ops(string method, string path, string field, string name) =>
        BadRequest.Field100002(Operator, method, path, null, field, name);

    private static BadRequest Path(string method, string path, int status) =>
        BadRequest.Refused(Nobody, method, path, null, status, ErrorCodes.BadParameter, "no such place");
}
