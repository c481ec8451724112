using System.Text.Json.Nodes;

namespace Mall.Api.Aliases;

/// <summary>Whose words a path of an older mall is answered in.</summary>
internal enum AliasDialect
{
    /// <summary>The go-zero mall: values as they are, errors as this mall's.</summary>
    GoZero,

    /// <summary>go-zero-looklook: an envelope around both.</summary>
    Looklook,

    /// <summary>go-zero-looklook, where machines call it: values as they are, errors as this mall's.</summary>
    LooklookBare,
}

/// <summary>Marks an endpoint at an older mall's path. A token is taken there without "Bearer" before it, too.</summary>
/// <param name="IsOpen">Whether it serves callers without a token.</param>
internal sealed record AliasEndpoint(AliasDialect Dialect, bool IsOpen);

/// <summary>A request to such a path.</summary>
internal sealed class AliasCall(HttpContext http, AliasInput input)
{
    public HttpContext Http => http;

    public AliasInput Input => input;

    public Caller Caller { get; } = http.Features.Get<Caller>()!; // There is one wherever a token is needed.

    public Patience Patience { get; } = Patience.Of(http);

    public T Get<T>() where T : notnull => http.RequestServices.GetRequiredService<T>();
}

/// <summary>How the paths of older malls are mapped: thin, over the desks that both doors share.</summary>
internal static class AliasRoutes
{
    private const int Good = 200;

    /// <param name="isOpen">Whether it serves callers without a token.</param>
    /// <param name="serve">Gives the answer, in looklook without its envelope.</param>
    public static void MapAlias(
        this IEndpointRouteBuilder routes, AliasDialect dialect, string path, Func<AliasCall, Task<JsonNode>> serve,
        bool isOpen = false)
    {
        var endpoint = routes.MapPost(path, async http =>
        {
            // A token that is not good is refused by looklook, also where none is needed.
            if (isOpen && dialect != AliasDialect.GoZero && http.Request.Headers.Authorization.Count > 0
                && http.Features.Get<Caller>() is null)
                throw new ProblemException(await Authentication.WhyNobody(http));
            var answer = await serve(new AliasCall(http, await AliasInput.ReadAsync(http.Request)));
            Write(http, StatusCodes.Status200OK, dialect != AliasDialect.Looklook ? answer : new JsonObject
            {
                ["code"] = Good, ["msg"] = "OK", ["data"] = answer,
            });
        });
        endpoint.WithMetadata(new AliasEndpoint(dialect, isOpen), new AcceptsMetadata([], typeof(object)))
            .RequireAuthorization(Policies.User).ExcludeFromDescription();
        if (isOpen)
            endpoint.AllowAnonymous();
    }

    /// <summary>An error in the words of looklook: 400, unless a gateway or a client has to know better.</summary>
    public static void WriteError(HttpContext http, Problem problem)
    {
        var status = problem switch
        {
            { Kind.Code: ErrorCodes.Unauthenticated } or { HttpStatus: 429 or 503 } => problem.HttpStatus,
            _ => StatusCodes.Status400BadRequest,
        };
        Write(http, status, new JsonObject { ["code"] = problem.Kind.Code, ["msg"] = problem.Detail });
    }

    /// <summary>The value; a refusal ends the request with its problem.</summary>
    public static T OrRefuse<T>(this Result<T> result) =>
        result.IsRefused ? throw new ProblemException(Problem.Of(result.Refusal)) : result.Value;

    public static JsonArray ToList<T>(this IEnumerable<T> items, Func<T, JsonNode> shape) => [.. items.Select(shape)];

    /// <summary>
    /// Everything in a list of this mall, page by page, as far as an older mall's client could sensibly read: its lists go by
    /// numbers of pages or by last ids.
    /// </summary>
    public static async Task<List<T>> All<T>(Func<string?, Task<SortedPage<T>>> page, long upTo = MostListed)
    {
        var all = new List<T>();
        string? after = null;
        do
        {
            var next = await page(after);
            all.AddRange(next.Items);
            after = next.Next;
        }
        while (after is not null && all.Count < Math.Min(upTo, MostListed));
        return all;
    }

    /// <summary>The caller's orders that they want to see, the newest first.</summary>
    public static async Task<IEnumerable<OrderView>> Orders(AliasCall call)
    {
        var orders = await All(async after => new SortedPage<OrderView>(
            await call.Get<OrderDesk>().List(
                call.Caller, null, null, after, Paging.MaxLimit, newestFirst: true, call.Patience),
            Sorting.Own));
        return orders.Where(order => !order.IsHidden);
    }

    private const int MostListed = 1000;

    private static void Write(HttpContext http, int status, JsonNode answer)
    {
        var bytes = Encoding.UTF8.GetBytes(answer.ToJsonString());
        LargeAnswers.Admit(http, bytes.Length);
        http.Response.StatusCode = status;
        http.Response.ContentType = Answer.Json;
        http.Response.ContentLength = bytes.Length;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.BodyWriter.Write(bytes);
    }
}
