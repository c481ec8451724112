namespace Mall.Api.Transactions;

/// <summary>Finds the addresses of a gRPC server that a target names by a scheme of its own.</summary>
public interface ITargetResolver
{
    /// <summary>Null when it does not know this one: another is asked.</summary>
    /// <param name="scheme">As in <c>etcd</c>.</param>
    /// <param name="server">What stands behind <c>scheme://</c>, without service and method.</param>
    IReadOnlyList<DnsEndPoint>? Resolve(string scheme, string server);
}

/// <summary><c>direct:///host:port,host:port</c>: the addresses themselves.</summary>
public sealed class DirectResolver : ITargetResolver
{
    /// <inheritdoc/>
    public IReadOnlyList<DnsEndPoint>? Resolve(string scheme, string server)
    {
        if (scheme != "direct") return null;
        var parts = server.TrimStart('/').Split(',');
        return Array.ConvertAll(parts, part => BranchTarget.EndpointOf(part)!) is var found && found.All(e => e is not null)
            ? found : null;
    }
}

/// <summary>
/// <c>dns:///name:port</c>: every address of the name, one for each connection, as headless services want; and
/// <c>k8s://namespace/service:port</c>, which is the name <c>service.namespace</c>.
/// </summary>
public sealed class DnsResolver : ITargetResolver
{
    /// <inheritdoc/>
    public IReadOnlyList<DnsEndPoint>? Resolve(string scheme, string server)
    {
        var name = scheme switch
        {
            "dns" => server.TrimStart('/'),
            "k8s" when server.Split('/') is [{ Length: > 0 } space, { Length: > 0 } service]
                && service.Split(':') is [var host, var port]
                => $"{host}.{space}:{port}",
            _ => null,
        };
        return name is not null && BranchTarget.EndpointOf(name) is { } endpoint ? [endpoint] : null;
    }
}

/// <summary>What the operator has written down: <c>etcd://10.0.0.1:2379/busi.rpc</c> is at these addresses.</summary>
public sealed class StaticResolver(IReadOnlyDictionary<string, IReadOnlyList<DnsEndPoint>> table) : ITargetResolver
{
    /// <inheritdoc/>
    public IReadOnlyList<DnsEndPoint>? Resolve(string scheme, string server) => table.GetValueOrDefault($"{scheme}://{server}");
}
