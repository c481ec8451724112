using System.Collections.Concurrent;
using Grpc.Core;
using Mall.Tests.Observability.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Observability;

/// <param name="Of">The process that it is of.</param>
/// <param name="Linked">Other traces that it belongs to.</param>
internal sealed record ReceivedSpan(
    string Trace, string Id, string Parent, string Name, string Of, IReadOnlyList<string> Linked);

/// <summary>Takes traces by OTLP over gRPC, as a collector does.</summary>
internal sealed class TraceReceiver : TraceService.TraceServiceBase, IAsyncDisposable
{
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private WebApplication? _app;

    public Uri Address { get; private set; } = null!;

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public static async Task<TraceReceiver> OpenAsync()
    {
        var receiver = new TraceReceiver();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRouting().AddSingleton(receiver).AddGrpc();
        receiver._app = builder.Build();
        receiver._app.MapGrpcService<TraceReceiver>();
        await receiver._app.StartAsync();
        receiver.Address = new Uri(receiver._app.Urls.First());
        return receiver;
    }

    public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
    {
        foreach (var resource in request.ResourceSpans)
        {
            var instance = resource.Resource.Attributes.First(a => a.Key == "service.instance.id").Value.StringValue;
            foreach (var span in resource.ScopeSpans.SelectMany(scope => scope.Spans))
                _spans.Enqueue(new(
                    Hex(span.TraceId), Hex(span.SpanId), Hex(span.ParentSpanId), span.Name, instance,
                    [.. span.Links.Select(link => Hex(link.TraceId))]));
        }

        return Task.FromResult(new ExportTraceServiceResponse());

        static string Hex(Google.Protobuf.ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
    }
}
