using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mall.Tests.Hosting;

namespace Mall.Tests.Fuzz;

/// <summary>Requests that the OpenAPI document describes, bent a little.</summary>
internal sealed class RestFuzz(WholeMall mall, Cast cast)
{
    private static readonly string[] s_methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"];
    private static readonly string[] s_types =
    [
        "application/json", "application/json; charset=utf-8", "text/plain", "application/grpc", "*",
        "application/json; charset=utf-16",
    ];

    private JsonElement _document;
    private (string Method, string Path, JsonElement Described)[] _operations = [];

    public async Task LearnAsync()
    {
        _document = (await mall.SendAsync("GET", "/openapi/v1.json")).Json;
        _operations = [.. from path in _document.GetProperty("paths").EnumerateObject()
                          from operation in path.Value.EnumerateObject()
                          select (operation.Name.ToUpperInvariant(), path.Name, operation.Value)];
    }

    public HttpRequestMessage Next(Random random)
    {
        var (method, path, described) = random.Of(_operations);
        var query = new List<string>();
        var request = new HttpRequestMessage();
        foreach (var parameter in described.TryGetProperty("parameters", out var all) ? all.EnumerateArray() : default)
        {
            var name = parameter.GetProperty("name").GetString()!;
            var value = random.Once(5) ? random.Text() : cast.Value(random, name);
            switch (parameter.GetProperty("in").GetString())
            {
                case "path": path = path.Replace($"{{{name}}}", Escape(random, value), StringComparison.Ordinal); break;
                case "query" when random.Once(3): query.Add($"{name}={Escape(random, value)}"); break;
                case "header" when random.Once(3): request.Headers.TryAddWithoutValidation(name, random.Header()); break;
            }
        }

        if (random.Once(10)) query.Add($"{Escape(random, random.Text())}={Escape(random, random.Text())}");
        if (random.Once(10)) query.AddRange(query.Take(1).ToArray());
        var target = path + (query.Count > 0 ? "?" + string.Join('&', query) : "");
        if (random.Once(30)) target = "/" + Encoding.Latin1.GetString(random.Bend(target.Utf8())).TrimStart('/');
        target = string.Concat(target.Select(c => c is > ' ' and < '\u007f' and not '#' ? $"{c}" : $"%{(int)c & 0xff:X2}"));
        request.RequestUri = new Uri(
            new Uri(mall.Http, "/").GetLeftPart(UriPartial.Authority) + target,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        request.Method = new HttpMethod(random.Once(25) ? random.Of(s_methods) : method);

        if (described.TryGetProperty("requestBody", out var body) && !random.Once(40))
        {
            request.Content = new ByteArrayContent(Body(random, body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Once(30) ? random.Of(s_types) : s_types[0]);
            if (random.Once(10)) request.Headers.TransferEncodingChunked = true;
        }

        if (cast.Token(random, described.TryGetProperty("security", out _)) is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (random.Once(40)) request.Headers.TryAddWithoutValidation(random.Of(cast.Headers), random.Header());
        return request;
    }

    private static string Escape(Random random, string text) => random.Once(20) ? text : Uri.EscapeDataString(text);

    private byte[] Body(Random random, JsonElement body)
    {
        var json = body.GetProperty("content").GetProperty("application/json");
        var example = JsonNode.Parse(json.GetProperty("example").GetRawText())!;
        var schema = _document.GetProperty("components").GetProperty("schemas")
            .GetProperty(json.GetProperty("schema").GetProperty("$ref").GetString()!.Split('/')[^1]);
        foreach (var field in schema.GetProperty("properties").EnumerateObject())
            if (random.Once(3)) example[field.Name] ??= field.Value.GetRawText().Contains("\"string\"") ? "x" : 1;
        Cast(random, example);
        var odd = new List<string>();
        for (var times = random.Next(4); times > 0; times--) Bend(random, example, odd);
        var text = example.ToJsonString();
        foreach (var (i, piece) in odd.Index()) text = text.Replace($"\"odd {i}\"", piece, StringComparison.Ordinal);
        if (random.Once(30)) text = text.Replace("{", """{"name":"a","name":"b",""");
        return random.Once(20) ? random.Bend(text.Utf8()) : text.Utf8();
    }

    /// <summary>Puts values of this mall into the example.</summary>
    private void Cast(Random random, JsonNode node)
    {
        if (node is JsonArray items)
            foreach (var item in items) Cast(random, item!);
        if (node is not JsonObject fields) return;
        foreach (var (name, value) in fields.ToArray())
        {
            if (value is JsonValue) fields[name] = JsonNode.Parse(cast.Json(random, name, value.ToJsonString()));
            else Cast(random, value!);
        }
    }

    private static void Bend(Random random, JsonNode node, List<string> odd)
    {
        if (node is JsonArray { Count: > 0 } items && !random.Once(3))
        {
            if (random.Once(2)) Bend(random, items[random.Next(items.Count)]!, odd);
            else for (var times = random.Of([1, 1, 1, 49, 50, 60]); times > 0; times--) items.Add(items[0]!.DeepClone());
        }
        else if (node is JsonObject { Count: > 0 } fields)
        {
            var name = random.Of(fields.Select(field => field.Key).ToArray());
            if (fields[name] is JsonObject or JsonArray && random.Once(2)) Bend(random, fields[name]!, odd);
            else if (random.Once(6)) fields.Remove(name);
            else if (random.Once(8)) fields[random.Text()] = 1;
            else if (random.Once(4)) fields[name] = random.Number();
            else if (random.Once(2)) fields[name] = random.Text();
            else
            {
                fields[name] = $"odd {odd.Count}"; // No node holds what is no JSON; it is put in later.
                odd.Add(random.Json());
            }
        }
    }
}
