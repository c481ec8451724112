using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Mall.Due;
using Mall.Schedules;
using Mall.Webhooks;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mall.Api.Dashboard;

/// <summary>
/// The operator's pages: whole documents, rendered here from what the desks know. One stream tells an open page when to look
/// again.
/// </summary>
internal static class DashboardEndpoints
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(2);

    public static void AddDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddSingleton<RequestLog>().AddHostedService(all => all.GetRequiredService<RequestLog>());
    }

    public static void MapDashboard(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("/dashboard").RequireAuthorization(Policies.Operator).ExcludeFromDescription();
        pages.AddEndpointFilter(Guard);
        pages.MapSignIn();
        pages.MapGet("", Cluster);
        pages.MapGet("/sagas", Sagas);
        pages.MapGet("/sagas/{gid}", Saga);
        // Which page a form is from, PageForm asks.
        pages.MapPost("/sagas/{gid}", Push).DisableAntiforgery().WithMetadata(PageForm.Comes);
        pages.MapGet("/work", Work);
        pages.MapGet("/stock", Stock);
        pages.MapGet("/stream", Stream).WithMetadata(new StreamEndpoint());
        routes.MapGet("/dashboard/dashboard.css", () => File("dashboard.css", "text/css; charset=utf-8"))
            .ExcludeFromDescription();
        routes.MapGet("/dashboard/dashboard.js", () => File("dashboard.js", "text/javascript; charset=utf-8"))
            .ExcludeFromDescription();
    }

    /// <summary>Whoever reads pages is told in one what went wrong; programs get the mall's problem details.</summary>
    private static async ValueTask<object?> Guard(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var http = call.HttpContext;
        PageForm.Protect(http);
        try
        {
            return await next(call);
        }
        catch (Exception e) when (PageForm.ReadsPages(http) && !e.MeansClientHasGone(http))
        {
            // The edge of the request.
            var traceId = TraceIds.Of(http);
            var problem = e.ToProblem(http.RequestServices.GetRequiredService<ILogger<RequestLog>>(), traceId);
            if (problem.RetryAfterSeconds is { } seconds) http.Response.Headers.RetryAfter = $"{seconds}";
            return new RazorComponentResult<TroublePage>(
                new { problem.Kind.Title, problem.Detail, problem.Kind.Code, TraceId = traceId })
            {
                StatusCode = problem.HttpStatus, PreventStreamingRendering = true,
            };
        }
    }

    private static async Task<IResult> Cluster(IServiceProvider services, RequestLog log, Patience patience)
    {
        ClusterStatus? status = null;
        try
        {
            status = await patience.Insist(() => services.GetRequiredService<IClusterStatus>().TakeAsync());
        }
        catch (Exception e) when (e.LostItsGrain() || e is TimeoutException or ProblemException)
        {
            // Exactly then somebody wants to see this page.
        }

        return Page<ClusterPage>(new { Status = status, Requests = log.Read() });
    }

    private static async Task<IResult> Sagas(
        SagaDesk desk, Patience patience, string? gid, string? status, string? parked, string? after)
    {
        if (!string.IsNullOrWhiteSpace(gid)) return Results.Redirect($"/dashboard/sagas/{Uri.EscapeDataString(gid.Trim())}");
        var isParked = parked is "true" or "false" ? parked == "true" : (bool?)null;
        status = string.IsNullOrEmpty(status) ? null : status;
        var sagas = await desk.List(status, isParked, string.IsNullOrEmpty(after) ? null : after, Paging.DefaultLimit, patience);
        return Page<SagasPage>(new { Sagas = sagas, Status = status, Parked = parked ?? "" });
    }

    private static async Task<IResult> Saga(string gid, SagaDesk desk, Patience patience) =>
        Show(await desk.Get(gid, patience), null);

    private static async Task<IResult> Push(HttpContext http, Caller caller, string gid, SagaDesk desk, Patience patience)
    {
        var wish = (string?)(await PageForm.ReadAsync(http))["do"];
        var pushed = wish switch
        {
            "retry" => await desk.Retry(caller, gid, null, patience),
            "abort" => await desk.Abort(caller, gid, null, patience),
            _ => throw new ProblemException(Problem.BadField("do", "must be retry or abort")),
        };
        return pushed.IsRefused
            ? Show(await desk.Get(gid, patience), pushed.Refusal.Detail)
            : Show(pushed, wish == "retry" ? "It was tried again." : "It is being compensated.");
    }

    private static async Task<IResult> Work(IGrainFactory grains, Patience patience)
    {
        var due = patience.Insist(() => grains.GetGrain<IDueDirectoryGrain>(0).Count());
        var webhooks = patience.Insist(() => grains.GetGrain<IWebhookDirectoryGrain>(0).List(null, Paging.MaxLimit));
        var schedules = patience.Insist(() => grains.GetGrain<IScheduleDirectoryGrain>(0).List());
        return Page<WorkPage>(new { Due = await due, Webhooks = (await webhooks).Items, Schedules = await schedules });
    }

    private static async Task<IResult> Stock(ProductDesk desk, Patience patience, string? id)
    {
        var isNumber = long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        var product = isNumber && number is > 0 and <= ExactNumbers.Max
            ? await desk.Get(number, patience)
            : (Result<ProductView>?)null;
        return Page<StockPage>(new { Id = id, Product = product is { IsRefused: false } found ? found.Value : null });
    }

    private static EventStream<string> Stream(TimeProvider time) => new(Result.Of(TickAsync(time)));

    /// <summary>Two seconds at most pass between what happens and a page that shows it.</summary>
    private static async IAsyncEnumerable<SseItem<string>> TickAsync(
        TimeProvider time, [EnumeratorCancellation] CancellationToken end = default)
    {
        using var timer = new PeriodicTimer(s_tick, time);
        do yield return new("", "tick");
        while (await timer.WaitForNextTickAsync(end));
    }

    private static RazorComponentResult<SagaPage> Show(Result<SagaView> saga, string? note) => saga.IsRefused
        ? throw new ProblemException(Problem.Of(saga.Refusal))
        : Page<SagaPage>(new { Saga = saga.Value, Note = note });

    private static RazorComponentResult<T> Page<T>(object parameters) where T : IComponent =>
        new(parameters) { PreventStreamingRendering = true };

    private static IResult File(string name, string contentType) =>
        Results.Stream(typeof(DashboardEndpoints).Assembly.GetManifestResourceStream(name)!, contentType);
}
