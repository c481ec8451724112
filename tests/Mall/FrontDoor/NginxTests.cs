using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Mall.TestServers;
using Mall.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mall.Tests.FrontDoor;

/// <summary>
/// A real nginx under <c>deploy/nginx/auth_request.conf</c>, with a mall to ask and a service behind it. Without nginx it is
/// skipped, unless <c>MALL_TEST_REQUIRE</c> names it.
/// </summary>
[Collection(nameof(FrontDoorMall))]
public sealed partial class NginxTests(FrontDoorMall door)
{
    private const string Program = "/usr/sbin/nginx";

    [GeneratedRegex(@"^ *server [^{]*;\n", RegexOptions.Multiline)]
    private static partial Regex Servers { get; }

    [Fact]
    public async Task Gateway_LetsThroughWhomTheMallKnows()
    {
        if (!File.Exists(Program))
        {
            const string missing = "nginx is not installed: apt-get install nginx-light";
            Assert.False(Environment.GetEnvironmentVariable("MALL_TEST_REQUIRE")?.Split(',').Contains("nginx") == true, missing);
            Assert.Skip(missing);
        }

        // The service behind says whom it takes the caller for, and whether it saw the token.
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var service = builder.Build();
        service.Urls.Add("http://127.0.0.1:0");
        service.MapFallback((HttpRequest request) => $"{request.Headers["X-User"]} {request.Headers.Authorization}");
        await service.StartAsync(TestContext.Current.CancellationToken);
        var listen = FreePorts.TakeEndpoint();
        var folder = TestFolder.Create("mall-nginx-");
        using var nginx = Start(folder.FullName, listen, door.Mall.Http.Authority, new Uri(service.Urls.First()).Authority);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://{listen}") };
            await TestMall.EventuallyAsync(() => AnswersAsync(client), "nginx listens");
            var (id, token) = await door.Mall.RegisterAsync("13811112222");

            Assert.Equal((HttpStatusCode.OK, "0 "), await AskAsync(client, "/v1/products/1?x=y"));
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(client, "/reports")).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(client, "/reports", token + "A")).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(client, "/v1/products/../../reports")).Status);
            Assert.Equal((HttpStatusCode.OK, $"{id} "), await AskAsync(client, "/reports", token));
            Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(client, "/mall-verify", token)).Status);

            await door.Mall.SendAsync("DELETE", "/v1/sessions/current", token: token);
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(client, "/reports", token)).Status);
        }
        finally
        {
            nginx.Kill(entireProcessTree: true);
            await nginx.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The configuration as it stands, with other addresses, and with what it writes in a folder of the test.</summary>
    private static Process Start(string folder, string listen, string mall, string service)
    {
        var text = File.ReadAllText(Path.Combine(GrpcJsTests.Root(), "deploy", "nginx", "auth_request.conf"));
        text = Servers.Replace(text, "");
        text = text.Replace("upstream mall {", $"upstream mall {{ server {mall};", StringComparison.Ordinal)
            .Replace("upstream service {", $"upstream service {{ server {service};", StringComparison.Ordinal)
            .Replace("listen 8090;", $"listen {listen};", StringComparison.Ordinal)
            .Replace("worker_processes auto;", "worker_processes 1;", StringComparison.Ordinal)
            .Replace(
                "http {",
                "http { access_log off; " + string.Concat(
                    ((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
                    .Select(of => $"{of}_temp_path {folder}/{of};")),
                StringComparison.Ordinal);
        var file = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(file, text);
        return Child.Start([Program, "-c", file, "-e", $"{folder}/errors", "-g", $"pid {folder}/pid; daemon off;"]);
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            await AskAsync(client, "/");
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpClient client, string path, string? token = null)
    {
        using var request = WholeMall.Request("GET", path, token: token);
        request.RequestUri = new Uri(
            client.BaseAddress + path[1..], new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        request.Headers.Add("X-User", "1"); // Whoever claims to be somebody is not believed.
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
