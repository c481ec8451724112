using Mall.Api.Cluster;
using Mall.Api.Grpc;
using Mall.Api.Grpc.Reflection;
using Mall.Api.Health;
using Mall.Api.OpenApi;
using Mall.Api.Orders;
using Mall.Api.Products;
using Mall.Api.Sagas;
using Mall.Api.Shops;
using Mall.Api.Users;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mall.Api;

/// <summary>
/// The front door: REST, gRPC, OpenAPI and health, thin and stateless. A host adds it, opens its addresses with
/// <see cref="KestrelListening.ListenForMall"/>, and maps it; it needs an <see cref="IGrainFactory"/> among the services.
/// </summary>
public static class MallApi
{
    /// <exception cref="ArgumentException">An option is impossible; the message is one line that names the setting.</exception>
    public static IServiceCollection AddMallApi(this IServiceCollection services, ApiOptions options)
    {
        if (options.Complaint() is { } complaint)
            throw new ArgumentException(complaint, nameof(options));

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options).AddSingleton<Clock>();
        services.AddSingleton<TokenKeySource>().AddSingleton<TokenGate>().AddSingleton<Passwords>().AddSingleton<OpenPaths>();
        services.AddSingleton<AccountDesk>().AddSingleton<ShopDesk>().AddSingleton<ProductDesk>();
        services.AddSingleton<OrderDesk>().AddSingleton<SagaDesk>();
        services.AddSingleton<RpcDispatcher>();
        services.AddSingleton<Readiness>().AddHealthChecks();
        // Its log lines per request are off anyhow; while it may log at all, each request pays for an activity and a log scope.
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None));
        services.AddRouting();
        services.AddMallDocument();
        return services;
    }

    /// <summary>Maps every endpoint of the front door, each feature in its own file.</summary>
    public static WebApplication MapMallApi(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<AdmissionMiddleware>();
        MapRest(app, app.Services);
        MapGrpc(app, app.Services);
        app.MapMallDocument();
        return app;
    }

    private static void MapRest(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var gate = services.GetRequiredService<TokenGate>();
        RestRoutes Group(string prefix, string tag) => new(routes, gate, prefix, tag);
        T Make<T>() => ActivatorUtilities.CreateInstance<T>(services);

        Make<UserEndpoints>().Map(users: Group("/v1/users", "Users"), sessions: Group("/v1/sessions", "Sessions"));
        Make<VerifyEndpoint>().Map(Group("/v1/auth", "Auth"));
        Make<ShopEndpoints>().Map(Group("/v1/shops", "Shops"));
        Make<ProductEndpoints>().Map(Group("/v1/products", "Products"));
        Make<OrderEndpoints>().Map(Group("/v1/orders", "Orders"));
        Make<SagaEndpoints>().Map(Group("/v1/sagas", "Sagas"));
        Make<ClusterEndpoints>().Map(Group("/v1/cluster", "Cluster"));
        Make<HealthEndpoints>().Map(Group("/health", "Health"));
    }

    private static void MapGrpc(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        T Make<T>(params object[] arguments) => ActivatorUtilities.CreateInstance<T>(services, arguments);

        List<RpcService> served =
        [
            Make<UserRpcs>().Service,
            Make<ShopRpcs>().Service,
            Make<ProductRpcs>().Service,
            Make<OrderRpcs>().Service,
            Make<SagaRpcs>().Service,
        ];
        served.Add(Make<HealthRpcs>(served.Select(service => service.Descriptor.FullName).ToHashSet()).Service);
        served.AddRange(new ReflectionRpcs(new DescriptorIndex(served.Select(service => service.Descriptor))).Services);
        routes.MapServices(services.GetRequiredService<RpcDispatcher>(), served);
    }
}
