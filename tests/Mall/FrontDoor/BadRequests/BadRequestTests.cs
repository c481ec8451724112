using System.Net.Http.Headers;
using System.Text;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>
/// Whatever comes in: the right status and code, problem details that name the field, and a database in which nothing has
/// changed, in any table, by a checksum of its own. And never an error of ours.
/// </summary>
[Collection(nameof(FrontDoorMall))]
public sealed class BadRequestTests(FrontDoorMall door)
{
    private static readonly Dictionary<string, BadRequest> s_requests =
        new[] { AccountRequests.All, CatalogRequests.All, OrderRequests.All, TokenRequests.All }.SelectMany(all => all)
            .ToDictionary(request => request.Name);

    public static TheoryData<string> Names => [.. s_requests.Keys];

    [Fact]
    public async Task Refuse_WhenSeveralFieldsOfAQueryAreWrong_NamesThemAll()
    {
        var answer = await door.Mall.SendAsync("GET", "/v1/products?limit=0&shop=x&page=1");
        Assert.Equal(
            ["limit", "page", "shop"], answer.Json.GetProperty("errors").EnumerateObject().Select(field => field.Name).Order());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Refuse_WhenRequestIsBad_NamesTheFieldAndChangesNothing(string name)
    {
        var bad = s_requests[name];
        var before = await door.Mall.SnapshotAsync();
        var errors = door.Mall.Log.Errors.Count;

        var answer = await SendAsync(bad, TestContext.Current.CancellationToken);

        Assert.Equal(bad.Status, (int)answer.Status);
        AssertProblem(bad, answer);
        Assert.Equal(before, await door.Mall.SnapshotAsync());
        Assert.Empty(door.Mall.Log.Errors.Skip(errors));
    }

    private static void AssertProblem(BadRequest bad, Answer answer)
    {
        Assert.Equal("application/problem+json", answer.ContentType);
        var problem = answer.Json;
        Assert.Equal(bad.Code, problem.GetProperty("code").GetInt32());
        Assert.Equal(bad.Status, problem.GetProperty("status").GetInt32());
        Assert.Equal($"urn:mall:problem:{bad.Code}", problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.InRange(problem.GetProperty("detail").GetString()!.Length, 1, 500);
        Assert.Matches("[^.]\\.$", problem.GetProperty("detail").GetString());
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString());
        Assert.Equal(bad.Status == 401, answer.Headers.ContainsKey("WWW-Authenticate"));

        if (bad.Field is null)
            Assert.False(problem.TryGetProperty("errors", out _), answer.Body);
        else
            Assert.Matches("^[a-z].*[^.]$", problem.GetProperty("errors").GetProperty(bad.Field)[0].GetString());
    }

    private async Task<Answer> SendAsync(BadRequest bad, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(new HttpMethod(bad.Method), door.Fill(bad.Path));
        if (bad.Body is not null)
        {
            // As Latin-1, which keeps every byte what it is, also where the body is not UTF-8.
            request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(door.Fill(Encoding.Latin1.GetString(bad.Body))));
            if (bad.ContentType is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", bad.ContentType);
            if (bad.Chunked) request.Headers.TransferEncodingChunked = true;
        }

        if (door.Token(bad.Who) is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (headerName, value) in bad.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(headerName, value))
                request.Content!.Headers.TryAddWithoutValidation(headerName, value);
        }

        using var response = await door.Mall.Client.SendAsync(request, cancellationToken);
        return await Answer.ReadAsync(response);
    }
}
