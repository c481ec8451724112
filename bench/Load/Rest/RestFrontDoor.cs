using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Mall.Bench.Load.Rest;

/// <summary>The front door over HTTP/1.1 and JSON.</summary>
/// <param name="address">Where it stands, such as <c>http://127.0.0.1:8080/</c>, with a slash at the end.</param>
sealed class RestFrontDoor(Uri address) : IFrontDoor
{
    readonly HttpClient _client = new() { BaseAddress = address };

    public async Task<string> SignUpAsync(string mobile, string password, CancellationToken cancellationToken)
    {
        await PostAsync(null, "v1/users", new { mobile, password, name = "load" }, cancellationToken);
        return await SignInAsync(mobile, password, cancellationToken);
    }

    public async Task<string> OpenShopAsync(string token, string mobile, string password, CancellationToken cancellationToken)
    {
        await PostAsync(token, "v1/shops", new { name = "Load" }, cancellationToken);
        return await SignInAsync(mobile, password, cancellationToken);
    }

    public async Task<long> CreateProductAsync(string token, string name, long stock, CancellationToken cancellationToken)
    {
        var product = await PostAsync(token, "v1/products", new { name, stock, price = 100 }, cancellationToken);
        return product.GetProperty("id").GetInt64();
    }

    public IEnumerable<IOrderClient> Connect(IEnumerable<string> tokens, IReadOnlyList<Basket> baskets)
    {
        byte[][] bodies = [.. baskets.Select(RestOrderClient.Render)];
        return tokens.Select(token => new RestOrderClient(address, token, bodies));
    }

    public void Dispose() => _client.Dispose();

    async Task<string> SignInAsync(string mobile, string password, CancellationToken cancellationToken)
    {
        var session = await PostAsync(null, "v1/sessions", new { mobile, password }, cancellationToken);
        return session.GetProperty("accessToken").GetString()!;
    }

    async Task<JsonElement> PostAsync(string? token, string path, object body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await _client.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.IsSuccessStatusCode
                ? JsonElement.Parse(text)
                : throw new BenchmarkException($"POST {path} was answered {(int)response.StatusCode}: {text}");
        }
        catch (HttpRequestException e)
        {
            throw new BenchmarkException($"{address} does not answer: {e.Message}");
        }
    }
}
