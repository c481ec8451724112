using Grpc.AspNetCore.HealthChecks;
using Mall.Api.Dashboard;
using Mall.Api.OpenApi;
using Mall.Api.Payments.Sandbox;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mall.Api;

/// <summary>
/// The front door: REST, gRPC, OpenAPI, health and metrics, thin and stateless. A host adds it, opens its addresses with
/// <see cref="KestrelListening.ListenForMall"/>, and maps it; it needs an <see cref="IGrainFactory"/> among the services.
/// </summary>
public static class MallApi
{
    /// <summary>What gRPC's health service is asked about; the empty name stands for the server as a whole.</summary>
    private static readonly string[] s_watched =
        ["", "mall.v1.Users", "mall.v1.Products", "mall.v1.Orders", "mall.v1.Payments", "mall.v1.Sagas"];

    /// <exception cref="ArgumentException">An option is impossible; the message is one line that names the setting.</exception>
    public static IServiceCollection AddMallApi(this IServiceCollection services, ApiOptions options)
    {
        if (options.Complaint() is { } complaint)
            throw new ArgumentException(complaint, nameof(options));

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options).AddSingleton<Passwords>().AddSingleton<OpenPaths>().AddSingleton<LargeAnswers>();
        services.AddSingleton<AccountDesk>().AddSingleton<SessionDesk>().AddSingleton<ShopDesk>().AddSingleton<ProductDesk>();
        services.AddSingleton<ReviewDesk>().AddSingleton<WebhookDesk>().AddSingleton<OrderDesk>().AddSingleton<OrderWatch>()
            .AddSingleton<SoldOut>();
        services.AddSingleton<SagaDesk>();
        services.AddSingleton<SandboxDesk>();
        services.AddSingleton<PaymentDesk>().AddSingleton<CallbackKey>().AddSingleton<PublicAddress>();
        services.AddMallAuthentication();
        services.AddCrowdLimit();
        services.AddOptions<ForwardedHeadersOptions>().Configure<ApiOptions>((forwarded, api) =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor;
            forwarded.ForwardLimit = null;
            forwarded.KnownProxies.Clear(); // Not even who connects from here.
            forwarded.KnownIPNetworks.Clear();
            foreach (var proxies in api.TrustedProxies)
                forwarded.KnownIPNetworks.Add(proxies);
        });
        services.AddBrowsers();
        services.AddRouting();
        services.AddMallDocument();
        AddGrpc(services);
        AddHealth(services);
        services.AddDashboard();
        // What goes wrong is logged at the edges, once and with its trace id; what the framework would say of it is said twice.
        // And while the host may log requests at all, each of them pays for an activity and a log scope.
        services.AddLogging(logging => logging
            .AddFilter("Microsoft.AspNetCore.Authentication", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel.Connections", LogLevel.Error) // A line for each that is one too many.
            .AddFilter("Grpc", LogLevel.None));
        return services;
    }

    /// <summary>Maps every endpoint of the front door, each feature in its own file.</summary>
    public static WebApplication MapMallApi(this WebApplication app)
    {
        if (app.Services.GetRequiredService<ApiOptions>().TrustedProxies.Count > 0)
            app.UseForwardedHeaders(); // Without any it would believe everybody.
        var entrance = app.Services.GetRequiredService<DashboardEntrance>();
        app.Use(next => http => entrance.Exchange(http, next));
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UsePathNames();
        app.UseBrowsers();
        app.UseMiddleware<Arrivals>();
        app.Use(LargeAnswers.Send);
        app.UseRateLimiter();
        app.UseMiddleware<KnownCallers>();
        app.UseAuthentication();
        app.UseAuthorization();

        var rest = app.MapRest();
        rest.MapUsers();
        rest.MapVerify();
        rest.MapShops();
        rest.MapProducts();
        rest.MapReviews();
        rest.MapCart();
        rest.MapOrders();
        rest.MapPayments();
        rest.MapSagas();
        rest.MapEvents();
        rest.MapWebhooks();
        rest.MapSchedules();
        rest.MapCluster();
        rest.MapHealth();

        app.MapGoZero();
        app.MapLooklook();

        app.MapGrpcService<UserRpcs>().AtTheEdge();
        app.MapGrpcService<ProductRpcs>().AtTheEdge();
        app.MapGrpcService<OrderRpcs>().AtTheEdge();
        app.MapGrpcService<PaymentRpcs>().AtTheEdge();
        app.MapGrpcService<SagaRpcs>().AtTheEdge();
        app.MapGrpcHealthChecksService().AtTheEdge();
        app.MapGrpcReflectionService().AtTheEdge();

        app.MapDashboard();
        if (app.Services.GetRequiredService<ApiOptions>().ServesSandbox)
            app.MapSandbox();
        app.MapMallDocument();
        app.MapMallMetrics();
        return app;
    }

    private static void AddGrpc(IServiceCollection services)
    {
        services.AddSingleton<RpcErrors>();
        services.AddSingleton<UserRpcs>().AddSingleton<ProductRpcs>().AddSingleton<OrderRpcs>().AddSingleton<SagaRpcs>();
        services.AddSingleton<PaymentRpcs>();
        services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<RpcErrors>();
            // Routing answers for what there is not, as it does for REST.
            grpc.IgnoreUnknownServices = true;
        });
        services.AddOptions<GrpcServiceOptions>().Configure<ApiOptions>((grpc, api) =>
        {
            grpc.MaxReceiveMessageSize = api.MaxRequestBytes;
            grpc.CompressionProviders.Clear(); // A small message may hold a large one.
        });
        services.AddGrpcReflection();
    }

    private static void AddHealth(IServiceCollection services)
    {
        services.AddSingleton<Readiness>();
        services.AddGrpcHealthChecks(health =>
        {
            foreach (var service in s_watched)
                health.Services.Map(service, check => check.Name == Readiness.Name);
        }).AddCheck<Readiness>(Readiness.Name);
        services.Configure<HealthCheckPublisherOptions>(watches =>
        {
            watches.Predicate = check => check.Name == Readiness.Name;
            watches.Delay = TimeSpan.Zero;
            watches.Period = TimeSpan.FromSeconds(1);
        });
    }
}
