namespace Mall.Api.Transactions;

/// <summary>Which hosts branches may live at.</summary>
public sealed class TargetRules
{
    private static readonly IPNetwork[] s_linkLocal = [IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("fe80::/10")];

    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _suffixes = [];
    private readonly List<IPNetwork> _ranges = [];
    private readonly bool _isOpen;

    private TargetRules(bool isOpen) => _isOpen = isOpen;

    /// <summary>Everything may be called.</summary>
    public static TargetRules Anything { get; } = new(isOpen: true);

    /// <summary>This machine alone.</summary>
    public static TargetRules Loopback { get; } = Parse(["127.0.0.0/8", "::1/128", "localhost"], out _)!;

    /// <summary>Addresses of names decide, too.</summary>
    public bool HasRanges => _ranges.Count > 0;

    /// <param name="rules">
    /// Hosts, addresses, ranges such as <c>10.0.0.0/8</c>, and suffixes such as <c>*.shop.example</c>.
    /// </param>
    /// <param name="wrong">The one that is none of these.</param>
    public static TargetRules? Parse(IEnumerable<string> rules, out string? wrong)
    {
        var parsed = new TargetRules(isOpen: false);
        foreach (var rule in rules)
        {
            wrong = rule;
            if (IPAddress.TryParse(rule.Trim('[', ']'), out var address) && (rule.Contains(':') || address.ToString() == rule))
            {
                parsed._ranges.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else if (rule.Contains('/'))
            {
                // An address within the range, which the framework takes for the range, is more likely a slip.
                if (!IPNetwork.TryParse(rule, out var range) || !IPAddress.Parse(rule.Split('/')[0]).Equals(range.BaseAddress))
                    return null;
                parsed._ranges.Add(range);
            }
            else if (rule.StartsWith("*.", StringComparison.Ordinal) && Uri.CheckHostName(rule[2..]) == UriHostNameType.Dns)
            {
                parsed._suffixes.Add(rule[1..]);
            }
            else if (Uri.CheckHostName(rule) == UriHostNameType.Dns)
            {
                parsed._hosts.Add(rule.TrimEnd('.'));
            }
            else
            {
                return null;
            }
        }

        wrong = null;
        return parsed;
    }

    /// <summary>Whether this name may be called, whatever its address.</summary>
    public bool AllowsName(string host)
    {
        var name = host.TrimEnd('.');
        return _isOpen || _hosts.Contains(name) || _suffixes.Exists(s => name.EndsWith(s, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Whether this address of this host may be called. A name that is allowed vouches for its addresses, but not for those that
    /// reach the machine's own surroundings alone.
    /// </summary>
    public bool Allows(string host, IPAddress address)
    {
        if (_isOpen) return true;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return _ranges.Exists(range => range.Contains(address))
            || (AllowsName(host) && !Array.Exists(s_linkLocal, range => range.Contains(address)));
    }
}
