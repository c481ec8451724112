using System.Text.RegularExpressions;

namespace Mall.Api.Transactions;

/// <summary>
/// Where a branch is, as its client wrote it: <c>http(s)://host/path</c>, or for gRPC <c>server/package.Service/Method</c>, whose
/// server is <c>host:port</c> or what a resolver knows, such as <c>direct:///host:port,host:port</c>.
/// </summary>
public sealed partial class BranchTarget
{
    private const int MaxLength = 4096;

    private BranchTarget() { }

    /// <summary>Of an HTTP target; null for gRPC.</summary>
    public Uri? Url { get; private init; }

    /// <summary>Of a gRPC server that a resolver has to find; null for one that is named.</summary>
    public string? Scheme { get; private init; }

    /// <summary>The gRPC server, without the scheme.</summary>
    public string Server { get; private init; } = "";

    /// <summary>Of gRPC.</summary>
    public string Service { get; private init; } = "";

    /// <inheritdoc cref="Service"/>
    public string Method { get; private init; } = "";

    [GeneratedRegex(@"^(?:(?<scheme>[a-z][a-z0-9+.-]*)://)?(?<server>.+)/(?<service>[A-Za-z_][\w.]*)/(?<method>[A-Za-z_]\w*)$")]
    private static partial Regex Rpc { get; }

    /// <param name="complaint">What is wrong with it: completes a sentence that begins with the text.</param>
    public static BranchTarget? Parse(string text, [NotNullWhen(false)] out string? complaint)
    {
        complaint = text.Length > MaxLength ? $"is over {MaxLength} characters long"
            : text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)) ? "has spaces or control characters in it"
            : null;
        if (complaint is not null) return null;
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            var isUrl = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0;
            complaint = !isUrl ? "is no URL" : url!.UserInfo.Length > 0 ? "carries a user or password" : null;
            return complaint is null ? new BranchTarget { Url = url } : null;
        }

        if (Rpc.Match(text) is not { Success: true } rpc)
        {
            complaint = "is neither http(s)://host/path nor host:port/package.Service/Method";
            return null;
        }

        var target = new BranchTarget
        {
            Scheme = rpc.Groups["scheme"] is { Success: true, Value: var scheme } ? scheme : null,
            Server = rpc.Groups["server"].Value, Service = rpc.Groups["service"].Value, Method = rpc.Groups["method"].Value,
        };
        if (target.Scheme is null && EndpointOf(target.Server) is null)
            complaint = $"has no host:port in front, but '{target.Server}'";
        return complaint is null ? target : null;
    }

    /// <summary>Reads <c>host:port</c> as the network will; null when it is none.</summary>
    public static System.Net.DnsEndPoint? EndpointOf(string text) =>
        Uri.TryCreate($"http://{text}", UriKind.Absolute, out var uri)
        && uri is { UserInfo: "", PathAndQuery: "/", Fragment: "", Port: > 0 } && HasPort.IsMatch(text)
            ? new System.Net.DnsEndPoint(uri.IdnHost, uri.Port)
            : null;

    [GeneratedRegex(@":\d{1,5}$")]
    private static partial Regex HasPort { get; }
}
