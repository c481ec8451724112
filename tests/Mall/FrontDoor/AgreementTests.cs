using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;
using Mall.Api.Rest;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.FrontDoor;

/// <summary>What is described is what there is: OpenAPI document, proto files and handlers agree, each with the other.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed partial class AgreementTests(FrontDoorMall door)
{
    /// <summary>The contract; whoever changes it changes it here as well.</summary>
    private static readonly string[] s_rpcs =
    [
        "Orders: Cancel, Get, List, Place, Refund, Watch",
        "Payments: Callback, Create, Get",
        "Products: AdjustStock, Create, Get, List, Remove, Update",
        "Sagas: Abort, Get, List, Retry",
        "Users: Login, Me, Refresh, Register",
    ];

    [GeneratedRegex(@"^service (?<service>\w+)|^  rpc (?<rpc>\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration { get; }

    private IEnumerable<RouteEndpoint> Endpoints =>
        door.Mall.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    [Fact]
    public async Task Document_AndHandlers_NameTheSameOperations()
    {
        var document = (await door.Mall.SendAsync("GET", "/openapi/v1.json")).Json;
        var described =
            from path in document.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            select $"{operation.Name.ToUpperInvariant()} {path.Name}";
        var handled =
            from endpoint in Endpoints
            where endpoint.Metadata.GetMetadata<RestEndpoint>() is not null
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
            select $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}";
        Assert.Equal(handled.Order(), described.Order());
    }

    [Fact]
    public void Protos_Handlers_AndContract_NameTheSameRpcs()
    {
        var handled = Lines(
            from endpoint in Endpoints
            let method = endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method
            where method?.ServiceName.StartsWith("mall.v1.", StringComparison.Ordinal) == true
            select (method!.ServiceName["mall.v1.".Length..], method.Name));
        var compiled = Lines(
            from type in typeof(V1.UsersReflection).Assembly.GetTypes()
            where type.Namespace == "Mall.V1" && type.Name.EndsWith("Reflection", StringComparison.Ordinal)
            let file = (FileDescriptor)type.GetProperty("Descriptor")!.GetValue(null)!
            from service in file.Services
            from method in service.Methods
            select (service.Name, method.Name));

        Assert.Equal(s_rpcs, Lines(Declared()));
        Assert.Equal(s_rpcs, compiled);
        Assert.Equal(s_rpcs, handled);
    }

    /// <summary>What the files themselves say, which clients of other languages compile.</summary>
    private static IEnumerable<(string Service, string Rpc)> Declared()
    {
        var folder = Path.Combine(GrpcJsTests.Root(), "api", "proto", "mall", "v1");
        foreach (var file in Directory.EnumerateFiles(folder, "*.proto"))
        {
            var service = "";
            foreach (Match declaration in Declaration.Matches(File.ReadAllText(file)))
            {
                if (declaration.Groups["service"] is { Success: true, Value: var name }) service = name;
                else yield return (service, declaration.Groups["rpc"].Value);
            }
        }
    }

    private static IEnumerable<string> Lines(IEnumerable<(string Service, string Rpc)> rpcs) =>
        from rpc in rpcs.Distinct()
        orderby rpc.Service, rpc.Rpc
        group rpc.Rpc by rpc.Service into service
        select $"{service.Key}: {string.Join(", ", service)}";
}
