using Google.Protobuf;
using Mall.V1;

namespace Mall.Bench.Load.Grpc;

/// <summary>The front door over gRPC.</summary>
/// <param name="address">Where it stands, such as <c>http://127.0.0.1:8081/</c>, with a slash at the end.</param>
/// <param name="callsPerConnection">How many order clients share a connection.</param>
sealed class GrpcFrontDoor(Uri address, int callsPerConnection) : IFrontDoor
{
    readonly List<HttpMessageInvoker> _connections = [];
    readonly HttpMessageInvoker _connection = GrpcCall.Connection();

    public async Task<string> SignUpAsync(string mobile, string password, CancellationToken cancellationToken)
    {
        var newcomer = new RegisterRequest { Mobile = mobile, Password = password, Name = "load" };
        await CallAsync("Users/Register", newcomer, User.Parser, token: null, cancellationToken);
        return await SignInAsync(mobile, password, cancellationToken);
    }

    public async Task<string> OpenShopAsync(string token, string mobile, string password, CancellationToken cancellationToken)
    {
        await CallAsync("Shops/Open", new OpenShopRequest { Name = "Load" }, Shop.Parser, token, cancellationToken);
        return await SignInAsync(mobile, password, cancellationToken);
    }

    public async Task<long> CreateProductAsync(string token, string name, long stock, CancellationToken cancellationToken)
    {
        var product = new CreateProductRequest { Name = name, Stock = stock, Price = 100 };
        return (await CallAsync("Products/Create", product, Product.Parser, token, cancellationToken)).Id;
    }

    public IEnumerable<IOrderClient> Connect(IEnumerable<string> tokens, IReadOnlyList<Basket> baskets)
    {
        byte[][] messages = [.. baskets.Select(GrpcOrderClient.Render)];
        foreach (var together in tokens.Chunk(callsPerConnection))
        {
            var connection = GrpcCall.Connection();
            _connections.Add(connection);
            foreach (var token in together)
                yield return new GrpcOrderClient(connection, new Uri(address, "mall.v1.Orders/Place"), token, messages);
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        _connections.ForEach(c => c.Dispose());
    }

    async Task<string> SignInAsync(string mobile, string password, CancellationToken cancellationToken)
    {
        var credentials = new LoginRequest { Mobile = mobile, Password = password };
        return (await CallAsync("Users/Login", credentials, Session.Parser, token: null, cancellationToken)).AccessToken;
    }

    async Task<T> CallAsync<T>(
        string method, IMessage message, MessageParser<T> parser, string? token, CancellationToken cancellationToken)
        where T : IMessage<T>
    {
        var authorization = token is null ? null : $"Bearer {token}";
        using var request = GrpcCall.Request(
            new Uri(address, $"mall.v1.{method}"), GrpcCall.Frame(message.ToByteArray()), authorization);
        try
        {
            var outcome = await GrpcCall.SendAsync(_connection, request, cancellationToken);
            return outcome.Status == "0"
                ? parser.ParseFrom(outcome.Message.Span)
                : throw new BenchmarkException($"{method} was answered {outcome.Status}, {outcome.MallCode}: {outcome.Detail}");
        }
        catch (HttpRequestException e)
        {
            throw new BenchmarkException($"{address} does not answer: {e.Message}");
        }
    }
}
