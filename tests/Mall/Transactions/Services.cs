using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Transactions;

/// <summary>A call that a branch got.</summary>
public sealed record Call(
    string Path, string Method, string Gid, string Type, string BranchId, string Op, string Body, IReadOnlyDictionary<string,
        string> Headers)
{
    /// <summary>Where the server is, if whoever calls says so.</summary>
    public string Dtm { get; init; } = "";
}

/// <summary>
/// Services in this process. The path says how one behaves, <c>/ok</c>, <c>/refuse</c> and so on, and
/// <c>/then/refuse,ongoing,ok</c>
/// how it does call by call; gRPC's method likewise. Every call is kept.
/// </summary>
public sealed class Services : IAsyncDisposable
{
    /// <summary>So many characters has a reason at length.</summary>
    public const int AtLength = 200_000;

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Call> _calls = [];
    private readonly ConcurrentDictionary<string, int> _turns = [];
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Services(WebApplication app) => _app = app;

    public Uri Http { get; private set; } = null!;

    /// <summary><c>host:port</c> of gRPC.</summary>
    public string Grpc { get; private set; } = "";

    /// <param name="port">Of HTTP; 0: any that is free.</param>
    public static async Task<Services> OpenAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        var services = new Services(app);
        app.Run(services.ServeAsync);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        services.Http = new Uri(addresses[0]);
        services.Grpc = new Uri(addresses[1]).Authority;
        return services;
    }

    /// <summary>The calls of a transaction, in their order.</summary>
    public Call[] Of(string gid) => [.. _calls.Where(call => call.Gid == gid)];

    /// <summary>The same, as <c>01 action</c>.</summary>
    public string[] OpsOf(string gid) => [.. Of(gid).Select(call => $"{call.BranchId} {call.Op}")];

    /// <summary>Lets those go on that are <c>held</c>.</summary>
    public void Release() => _released.SetResult();

    /// <summary>How <c>callback</c> behaves.</summary>
    public Func<Call, Task<string>> Callback { get; set; } = _ => Task.FromResult("ongoing");

    public string Url(string behaviour) => new Uri(Http, behaviour).ToString();

    public string Rpc(string behaviour) => $"{Grpc}/busi.Busi/{behaviour}";

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext http)
    {
        var isGrpc = http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) is true;
        using var read = new MemoryStream();
        await http.Request.Body.CopyToAsync(read);
        var bytes = isGrpc ? read.ToArray()[5..] : read.ToArray(); // A gRPC message stands behind its flag and length.
        var body = System.Text.Encoding.UTF8.GetString(bytes);
        var path = http.Request.Path.Value!;
        string Info(string name) => isGrpc
            ? http.Request.Headers[$"dtm-{name}"].ToString()
            : http.Request.Query.TryGetValue(name, out var value) ? value.ToString() : JsonRpcParameter(body, name);
        var call = new Call(
            path, http.Request.Method, Info("gid"), Info("trans_type"), Info("branch_id"), Info("op"), body,
            http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString())) { Dtm = Info("dtm") };
        _calls.Enqueue(call);
        var behaviour = path[(path.LastIndexOf('/') + 1)..];
        if (path.StartsWith("/then/", StringComparison.Ordinal) || behaviour.Contains('_'))
        {
            var turns = behaviour.Split(',', '_');
            var turn = _turns.AddOrUpdate($"{call.Gid} {call.BranchId} {call.Op} {path}", 0, (_, before) => before + 1);
            behaviour = turns[Math.Min(turn, turns.Length - 1)];
        }

        if (behaviour == "held")
        {
            await _released.Task;
            behaviour = "ok";
        }

        if (behaviour == "callback") behaviour = await Callback(call);
        if (behaviour == "hang")
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        if (isGrpc) await AnswerGrpcAsync(http, behaviour);
        else await AnswerHttpAsync(http, behaviour, body);
    }

    private static string JsonRpcParameter(string body, string name) =>
        body.StartsWith('{') && System.Text.Json.Nodes.JsonNode.Parse(body)?["params"]?[name] is { } value ? value.ToString()
            : "";

    private static Task AnswerHttpAsync(HttpContext http, string behaviour, string body)
    {
        var (status, text) = behaviour switch
        {
            "ok" => (200, """{"dtm_result":"SUCCESS"}"""),
            "refuse" => (409, "not enough"),
            "refuse-by-body" => (200, """{"dtm_result":"FAILURE"}"""),
            "refuse-at-length" => (409, new string('n', 5000)),
            "ongoing" => (425, ""),
            "ongoing-by-body" => (200, """{"dtm_result":"ONGOING"}"""),
            "created" => (201, ""),
            "rpc-ok" => (200, """{"jsonrpc":"2.0","id":"1","result":{}}"""),
            "rpc-refuse" => (200, """{"jsonrpc":"2.0","id":"1","error":{"code":-32901,"message":"no"}}"""),
            "rpc-ongoing" => (200, """{"jsonrpc":"2.0","id":"1","error":{"code":-32902,"message":"wait"}}"""),
            "moved" => (302, ""),
            _ => (500, "out of order"),
        };
        _ = body;
        http.Response.StatusCode = status;
        if (behaviour == "moved") http.Response.Headers.Location = "/ok";
        return http.Response.WriteAsync(text);
    }

    private static async Task AnswerGrpcAsync(HttpContext http, string behaviour)
    {
        var status = behaviour switch
        {
            "ok" or "okAtLength" => StatusCode.OK,
            "refuse" or "refuseAtLength" => StatusCode.Aborted,
            "ongoing" => StatusCode.FailedPrecondition,
            _ => StatusCode.Internal,
        };
        http.Response.ContentType = "application/grpc";
        http.Response.AppendTrailer("grpc-status", ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture));
        http.Response.AppendTrailer(
            "grpc-message", behaviour == "refuseAtLength" ? new string('n', AtLength) : behaviour);
        if (status != StatusCode.OK) return;
        var message = new byte[5 + (behaviour == "okAtLength" ? 3 * 1024 * 1024 : 0)]; // Flag, length and what is said.
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - 5);
        await http.Response.Body.WriteAsync(message);
    }
}
