using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Grpc.AspNetCore.Server;
using Mall.Api.Aliases;
using Mall.Api.Auth;
using Mall.Api.Rest;
using Mall.Ledger;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Mall.Users;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Audit = Mall.Tests.Installations.Audit;

namespace Mall.Tests.FrontDoor.Authorization;

/// <summary>
/// Who may do what, tried on every endpoint of both doors with every kind of caller. What the table does not know fails, and so
/// does what it knows and the mall does not.
/// </summary>
public sealed partial class AuthorizationTests(FrontDoorMall door) : IClassFixture<FrontDoorMall>
{
    private enum As { Nobody, Expired, Forged, Revoked, Stranger, OtherSeller, Operator, Buyer, Seller }

    /// <summary>Paths that are not the mall's API, by what they begin with; those below /dashboard are for operators.</summary>
    private static readonly string[] s_pages = ["/openapi/", "/scalar", "/metrics", "/dashboard"];

    private readonly Dictionary<As, string?> _tokens = [];

    [GeneratedRegex(@"\{(\w+)[^}]*\}")]
    private static partial Regex Parameter { get; }

    private IEnumerable<RouteEndpoint> Endpoints =>
        door.Mall.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private IEnumerable<string> RestEndpoints =>
        from endpoint in Endpoints
        where endpoint.Metadata.GetMetadata<RestEndpoint>() is not null
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
        select $"{method} {Path(endpoint)}";

    private IEnumerable<string> Rpcs =>
        from endpoint in Endpoints
        where endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null
        select Path(endpoint);

    [Fact]
    public void Table_KnowsEveryEndpointAndNoOther()
    {
        Assert.Equal(RestEndpoints.Distinct().Order(), AccessTable.Rest.Select(line => line.Endpoint).Order());
        Assert.Equal(Rpcs.Distinct().Order(), AccessTable.Rpcs.Select(line => line.Endpoint).Order());
    }

    [Fact]
    public void Pages_AreKnown_AndDashboardsAreForOperators() => Audit.Passes(
        from endpoint in Endpoints
        where endpoint.Metadata.GetMetadata<RestEndpoint>() is null
            && endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is null
            && endpoint.Metadata.GetMetadata<AliasEndpoint>() is null // Those stand in AliasTests.
        let path = Path(endpoint)
        let isForOperators = endpoint.Metadata.OfType<IAuthorizeData>().Any(data => data.Policy is "operator" or "dashboard")
            && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
        where !path.Contains("{unimplemented", StringComparison.Ordinal)
        where (path != "/" && !s_pages.Any(page => path.StartsWith(page, StringComparison.Ordinal)))
            || (path.StartsWith("/dashboard/", StringComparison.Ordinal) && !isForOperators
                && path != "/dashboard/sign-in"
                && !path.EndsWith(".css", StringComparison.Ordinal)
                && !path.EndsWith(".js", StringComparison.Ordinal)) // No secrets.
        select $"{endpoint.DisplayName} {path}");

    [Fact]
    public async Task Callers_GetInWhereTheyMay()
    {
        await SignInAllAsync();
        var findings = new List<string>();
        foreach (var who in Enum.GetValues<As>()) // The owners come last: what they do may be the end of the thing.
            foreach (var line in AccessTable.Rest.Concat(AccessTable.Rpcs))
            {
                if (line.Endpoint.EndsWith("/sessions/current", StringComparison.Ordinal)) continue;
                await TryAsync(line, who, findings);
            }

        foreach (var who in Enum.GetValues<As>()) // Whoever gets in here does not come back.
            await TryAsync(AccessTable.Rest.Single(line => line.Endpoint == "DELETE /v1/sessions/current"), who, findings);
        Audit.Passes(findings);
        Assert.Empty(door.Mall.Log.Errors);
    }

    [Theory]
    [InlineData("13800000021", 200, "bearer {0}")]
    [InlineData("13800000022", 401, "Token {0}")]
    [InlineData("13800000023", 401, "Bearer  {0}")]
    [InlineData("13800000024", 401, "Bearer {0}", "Bearer {0}")]
    public async Task TokenThatIsKnown_ShownInAnotherWay_IsJudgedAnew(string mobile, int expected, params string[] headers)
    {
        var token = (await door.Mall.RegisterAsync(mobile)).Token;
        Assert.Equal(HttpStatusCode.OK, (await door.Mall.SendAsync("GET", "/v1/users/me", token: token)).Status);
        using var request = WholeMall.Request("GET", "/v1/users/me");
        request.Headers.TryAddWithoutValidation(
            "Authorization", headers.Select(header => string.Format(CultureInfo.InvariantCulture, header, token)));

        using var response = await door.Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(expected, (int)response.StatusCode);
    }

    private async Task TryAsync(Access line, As who, List<string> findings)
    {
        var (expected, token) = (Expected(line.For, who), _tokens[who]);
        var got = line.IsGrpc ? await CallAsync(line, token) : await AskAsync(line, token);
        if (got != expected) findings.Add($"{line.Endpoint} as {who}: {got} instead of {expected}");
    }

    /// <summary>401, 403, or 0 for whoever gets in, whatever becomes of them there.</summary>
    private static int Expected(Whom whom, As who) => (whom, who) switch
    {
        (Whom.Anybody, _) => 0,
        (Whom.Signers, _) => 401,
        (_, As.Nobody or As.Expired or As.Forged or As.Revoked) => 401,
        (Whom.Users, _) => 0,
        (Whom.ItsBuyer, As.Buyer) or (Whom.ItsSeller, As.Seller) or (Whom.Operators, As.Operator) => 0,
        (Whom.Sellers, As.Seller or As.OtherSeller) => 0,
        _ => 403,
    };

    private async Task<int> AskAsync(Access line, string? token)
    {
        var (method, route) = (line.Endpoint.Split(' ')[0], line.Endpoint.Split(' ')[1]);
        var path = Parameter.Replace(route, parameter => parameter.Groups[1].Value switch
        {
            "gid" => "none",
            "name" => "none",
            _ when route.StartsWith("/v1/orders/", StringComparison.Ordinal) => door.Fill("$order"),
            _ when route.StartsWith("/v1/payments/", StringComparison.Ordinal) =>
                door.PaymentId.ToString(CultureInfo.InvariantCulture),
            _ when route.StartsWith("/v1/shops/", StringComparison.Ordinal) => door.Fill("$shop"),
            _ => door.Fill("$product"),
        });
        using var request = WholeMall.Request(method, path, line.Body is { } body ? door.Fill(body) : null, token);
        using var response = await door.Mall.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken); // It may be a stream.
        return response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? (int)response.StatusCode : 0;
    }

    private async Task<int> CallAsync(Access line, string? token)
    {
        var answer = await door.Mall.CallAsync(line.Endpoint, line.Message!(door), token, ("grpc-timeout", "1S"));
        return answer.Status switch { 16 => 401, 7 => 403, _ => 0 };
    }

    private async Task SignInAllAsync()
    {
        var mall = door.Mall;
        var payment = await mall.SendAsync("POST", "/v1/payments", door.Fill("""{"orderId":$order}"""), door.Customer.Token);
        door.PaymentId = payment.Json.GetProperty("id").GetInt64();
        (_tokens[As.Nobody], _tokens[As.Buyer], _tokens[As.Seller]) = (null, door.Customer.Token, door.Seller.Token);
        _tokens[As.Stranger] = (await mall.RegisterAsync("13800000011")).Token;
        _tokens[As.OtherSeller] = (await mall.RegisterAsync("13800000012")).Token;
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Cups"}""", _tokens[As.OtherSeller]);
        _tokens[As.Revoked] = (await mall.RegisterAsync("13800000013")).Token;
        await mall.SendAsync("DELETE", "/v1/sessions/current", token: _tokens[As.Revoked]);
        await Accounts.PutAsync(
            mall.Services.GetRequiredService<ILedger>(),
            new NewUser("13800000014", Credentials.Hash("correct horse"), "", "", "operator"), DateTimeOffset.UtcNow);
        var session = await mall.SendAsync("POST", "/v1/sessions", """{"mobile":"13800000014","password":"correct horse"}""");
        _tokens[As.Operator] = session.Json.GetProperty("accessToken").GetString();
        var (expired, good) = (
            Jwt.Payload(door.Seller.Id, "operator", begins: TimeSpan.FromHours(-3), ends: TimeSpan.FromSeconds(-1)),
            Jwt.Payload(door.Seller.Id, "operator"));
        _tokens[As.Expired] = Jwt.Make(Jwt.Header, expired, WholeMall.TokenKey);
        _tokens[As.Forged] = Jwt.Make(Jwt.Header, good, "the key of somebody else, long enough");
    }

    private static string Path(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.Trim('/');
}
