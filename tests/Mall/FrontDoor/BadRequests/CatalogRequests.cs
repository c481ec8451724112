using static Mall.Tests.FrontDoor.BadRequests.As;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>Requests about shops and products that must be refused.</summary>
internal static class CatalogRequests
{
    private const string Shops = "/v1/shops";
    private const string Products = "/v1/products";
    private const string Product = "/v1/products/$product";
    private const string Stock = "/v1/products/$product/stock";
    private const string Reviews = "/v1/products/$product/reviews";
    private const string Good = """{"name":"Teapot","stock":1,"price":1}""";

    public static IEnumerable<BadRequest> All =>
        [.. AboutShops, .. Creations, .. Changes, .. StockChanges, .. Lists, .. AboutReviews, .. Strangers];

    private static IEnumerable<BadRequest> AboutShops =>
    [
        Bad("POST", Shops, "{}", "name", "no name"),
        Bad("POST", Shops, """{"name":""}""", "name", "an empty name"),
        Bad("POST", Shops, """{"name":"   "}""", "name", "a blank name"),
        Bad("POST", Shops, $$"""{"name":"{{new string('n', 65)}}"}""", "name", "a name of 65 characters"),
        Bad("POST", Shops, """{"name":"a\nb"}""", "name", "a line break in a name"),
        Bad("POST", Shops, """{"name":"Tea","rating":5}""", "rating", "a rating, which is not the client's to choose"),
        .. Nothing.Shown.Select(name => Bad("POST", Shops, $$"""{"name":"{{name}}"}""", "name", $"it shows nothing, {name}")),
        Bad("GET", Shops + "/0", null, "id", "shop 0"),
        Bad("GET", Shops + "/9007199254740992", null, "id", "an id that no double holds"),
        Bad("GET", Shops + "/-1", null, "id", "a negative id"),
        Bad("GET", Shops + "/abc", null, "id", "an id of letters"),
        Bad("GET", Shops + "/1.5", null, "id", "half an id"),
        Bad("GET", Shops + "/9223372036854775808", null, "id", "an id beyond 64 bits"),
        Bad("GET", Shops + "/%201", null, "id", "a space before an id"),
        No("GET", Shops + "/999999", null, 404, ErrorCodes.NoSuchShop, "no such shop"),
    ];

    private static IEnumerable<BadRequest> Creations =>
    [
        Create("""{"stock":1,"price":1}""", "name", "no name"),
        Create($$"""{"name":"{{new string('n', 201)}}","stock":1,"price":1}""", "name", "a name of 201 characters"),
        Create($$"""{"name":"Teapot","desc":"{{new string('d', 4001)}}","stock":1,"price":1}""", "desc", "4,001 characters"),
        Create("""{"name":"Teapot","desc":"a\u0000b","stock":1,"price":1}""", "desc", "a zero character in a description"),
        .. Nothing.Shown.Select(
            name => Create($$"""{"name":"{{name}}","stock":1,"price":1}""", "name", $"it shows nothing, {name}")),
        Create("""{"name":"Teapot","stock":1,"price":1,"shopId":9007199254740993}""", "shopId", "a shop that no double holds"),
        Create("""{"name":"Teapot","price":1}""", "stock", "no stock"),
        Create("""{"name":"Teapot","stock":null,"price":1}""", "stock", "a stock that is null"),
        Create("""{"name":"Teapot","stock":-1,"price":1}""", "stock", "a negative stock"),
        Create("""{"name":"Teapot","stock":9007199254740992,"price":1}""", "stock", "a stock beyond the limit"),
        Create("""{"name":"Teapot","stock":"1","price":1}""", "stock", "a stock that is a text"),
        Create("""{"name":"Teapot","stock":1.5,"price":1}""", "stock", "half a piece"),
        Create("""{"name":"Teapot","stock":1e3,"price":1}""", "stock", "a stock with an exponent"),
        Create("""{"name":"Teapot","stock":true,"price":1}""", "stock", "a stock that is a boolean"),
        Create("""{"name":"Teapot","stock":01,"price":1}""", "stock", "a stock with a leading zero"),
        Create("""{"name":"Teapot","stock":NaN,"price":1}""", "stock", "a stock that is not a number"),
        Create("""{"name":"Teapot","stock":9223372036854775808,"price":1}""", "stock", "a stock beyond 64 bits"),
        Create("""{"name":"Teapot","stock":1}""", "price", "no price"),
        Create("""{"name":"Teapot","stock":1,"price":-1}""", "price", "a negative price"),
        Create("""{"name":"Teapot","stock":1,"price":9007199254740992}""", "price", "a price beyond the limit"),
        Create("""{"name":"Teapot","stock":1,"price":9.99}""", "price", "a price with decimals"),
        Create("""{"name":"Teapot","stock":1,"price":{"amount":1}}""", "price", "a price that is an object"),
        Create("""{"name":"Teapot","stock":1,"price":1,"shopId":0}""", "shopId", "shop 0"),
        .. from bad in (string[])
           [
               "[]", "\"x\"", "1", "{\"a\":1,\"a\":2}", "{\"a\":9007199254740992}", "{\"a\":[{\"b\":1e300}]}",
               "{\"a\":\"\\ud800\"}", "{\"\\ud800\":1}", "{\"a\":[{\"\\ud800\":1}]}",
               "{\"a\\u0000\":1}", $"{{\"a\":\"{new string('x', 4096)}\"}}", "{\"a\":{\"b\":1,\"b\":1}}",
               string.Concat(Enumerable.Repeat("{\"a\":", 13)) + "1" + new string('}', 13),
           ]
           select Create(
               $"{{\"name\":\"Teapot\",\"stock\":1,\"price\":1,\"attributes\":{bad}}}", "attributes",
               bad[..Math.Min(40, bad.Length)]),
        Create("""{"name":"Teapot","stock":1,"price":1,"status":0}""", "status", "a status, which is not for new products"),
        Create("""{"name":"Teapot","stock":1,"price":1,"id":7}""", "id", "an id, which is not the client's to choose"),
        No("POST", Products, """{"name":"Pot","stock":1,"price":1,"shopId":99999}""", 404, ErrorCodes.NoSuchShop, "no shop"),
        Bad("GET", Products + "/zero", null, "id", "an id of letters"),
        No("GET", Products + "/999999", null, 404, ErrorCodes.NoSuchProduct, "no such product"),
    ];

    private static IEnumerable<BadRequest> Lists =>
    [
        .. from list in (string[])[Products, Shops, Products + "/$product/reviews"]
           from bad in new (string Query, string Field)[]
           {
               ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("after=-", "after"), ("after=1", "after"),
               ("page=1", "page"), ("limit=1&limit=1", "limit"),
           }
           select Bad("GET", $"{list}?{bad.Query}", null, bad.Field, "of a list"),
        Bad("GET", Products + "?sort=name", null, "sort", "an order that there is not"),
        Bad("GET", Products + "?sort=rating", null, "sort", "an order of shops"),
        Bad("GET", Shops + "?sort=price", null, "sort", "an order of products"),
        Bad("GET", Products + "?sort=price&after=MCAw", null, "after", "a place in another order"),
        Bad("GET", Products + "?after=price.MCAw", null, "after", "a place in an order by price"),
        Bad("GET", Shops + "?sort=sales&after=rating.MCAw", null, "after", "a place in an order by rating"),
        Bad("GET", Products + "?shop=0", null, "shop", "shop 0"),
        Bad("GET", Products + "?shop=9007199254740992", null, "shop", "a shop that no double holds"),
        Bad("GET", Products + "?query=%20%20", null, "query", "a blank query"),
        Bad("GET", Products + "?query=%00", null, "query", "a zero character"),
        Bad("GET", Products + "?query=" + new string('q', 101), null, "query", "a query of 101 characters"),
        Bad("GET", Products + "?shopId=1", null, "shopId", "another name"),
        No("GET", Products + "/999999/reviews", null, 404, ErrorCodes.NoSuchProduct, "no such product"),
    ];

    private static IEnumerable<BadRequest> AboutReviews =>
    [
        .. from bad in new (string Body, string Field)[]
           {
               ("{}", "stars"), ("{\"stars\":0}", "stars"), ("{\"stars\":6}", "stars"), ("{\"stars\":4.5}", "stars"),
               ("{\"stars\":\"5\"}", "stars"), ("{\"stars\":5,\"text\":\"a\\u0000b\"}", "text"),
               ("{\"stars\":5,\"userId\":7}", "userId"),
               ($"{{\"stars\":5,\"text\":\"{new string('t', 2001)}\"}}", "text"),
           }
           select Bad("POST", Reviews, bad.Body, bad.Field, bad.Body[..Math.Min(40, bad.Body.Length)]),
        No("POST", Reviews, "{\"stars\":5}", 403, ErrorCodes.Forbidden, "who has not bought it"),
        No("POST", Products + "/999999/reviews", "{\"stars\":5}", 404, ErrorCodes.NoSuchProduct, "no such product"),
        BadRequest.Refused(Nobody, "POST", Reviews, "{\"stars\":5}", 401, ErrorCodes.Unauthenticated, "nobody"),
    ];

    private static IEnumerable<BadRequest> Changes =>
    [
        Change("""{"name":""}""", "name", "an empty name"),
        .. Nothing.Shown.Select(name => Change($$"""{"name":"{{name}}"}""", "name", $"it shows nothing, {name}")),
        Change("""{"price":null}""", "price", "a price that is null"),
        Change("""{"price":1,"name":null}""", "name", "a name that is null, beside a price"),
        Change("""{"desc":null}""", "desc", "a description that is null"),
        Change("""{"status":null}""", "status", "a status that is null"),
        Change("""{"attributes":null}""", "attributes", "attributes that are null"),
        Change("""{"price":-1}""", "price", "a negative price"),
        Change("""{"price":"1"}""", "price", "a price that is a text"),
        Change("""{"status":2}""", "status", "a status that there is not"),
        Change("""{"status":0.5}""", "status", "half a status"),
        Change("""{"stock":100}""", "stock", "a stock, which has a path of its own"),
        Change("""{"shopId":1}""", "shopId", "a shop, which a product keeps"),
        Change("[]", null, "a list"),
        No("PATCH", Products + "/999999", """{"price":1}""", 404, ErrorCodes.NoSuchProduct, "no such product"),
        No("DELETE", Products + "/999999", null, 404, ErrorCodes.NoSuchProduct, "no such product"),
        Bad("DELETE", Products + "/x", null, "id", "an id of letters"),
    ];

    private static IEnumerable<BadRequest> StockChanges =>
    [
        Adjust("{}", "delta", "no delta"),
        Adjust("""{"delta":"5"}""", "delta", "a delta that is a text"),
        Adjust("""{"delta":0.5}""", "delta", "half a piece"),
        Adjust("""{"delta":9007199254740992}""", "delta", "a delta beyond the limit"),
        Adjust("""{"delta":-9223372036854775809}""", "delta", "a delta beyond 64 bits"),
        Adjust("""{"delta":1,"stock":7}""", "stock", "a stock beside the delta"),
        No("POST", Stock, """{"delta":-1000}""", 409, ErrorCodes.NotEnoughStock, "below zero"),
        No("POST", Products + "/999999/stock", """{"delta":1}""", 404, ErrorCodes.NoSuchProduct, "no such product"),
    ];

    /// <summary>What only its seller may do, tried by a customer and by nobody.</summary>
    private static IEnumerable<BadRequest> Strangers =>
        from request in new (string Method, string Path, string? Body)[]
        {
            ("POST", Products, Good),
            ("PATCH", Product, """{"price":1}"""),
            ("POST", Stock, """{"delta":1}"""),
            ("DELETE", Product, null),
        }
        from refused in new[]
        {
            BadRequest.Refused(Customer, request.Method, request.Path, request.Body, 403, ErrorCodes.Forbidden, "a customer"),
            BadRequest.Refused(Nobody, request.Method, request.Path, request.Body, 401, ErrorCodes.Unauthenticated, "nobody"),
        }
        select refused;

    private static BadRequest Bad(string method, string path, string? body, string? field, string name) =>
        BadRequest.Field100002(Seller, method, path, body, field, name);

    private static BadRequest Create(string body, string field, string name) => Bad("POST", Products, body, field, name);

    private static BadRequest Change(string body, string? field, string name) => Bad("PATCH", Product, body, field, name);

    private static BadRequest Adjust(string body, string field, string name) => Bad("POST", Stock, body, field, name);

    private static BadRequest No(string method, string path, string? body, int status, int code, string name) =>
        BadRequest.Refused(Seller, method, path, body, status, code, name);
}
