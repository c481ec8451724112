namespace Mall.Api.Grpc;

/// <summary>Maps services to paths, as gRPC does: <c>POST /package.Service/Method</c>.</summary>
internal static class GrpcRoutes
{
    public static void MapServices(this IEndpointRouteBuilder routes, RpcDispatcher dispatcher, IEnumerable<RpcService> services)
    {
        foreach (var method in services.SelectMany(service => service.Complete()))
            routes.MapPost('/' + method.FullName, http => dispatcher.Serve(http, method)).WithMetadata(method);
    }
}
