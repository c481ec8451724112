using System.Globalization;
using System.Net.NetworkInformation;

namespace Mall.TestServers.Networks;

/// <summary>
/// A network of machines on this machine: each a network namespace of the kernel with an address and a cable of its own, all on
/// one switch, where this process has an address, too. Cables can be pulled, ways cut in one direction, links made slow: what
/// programs meet there is what they meet in real networks, since it is the kernel that they meet.
/// <para>
/// Everything carries this process's id in its name and ends with this object; what a killed process has
/// left, the next one removes.
/// </para>
/// </summary>
public sealed class Lab : IAsyncDisposable
{
    private const string NamePrefix = "mall-test-";
    private const string RequiredAs = "namespaces";
    private static int s_labs;

    private readonly List<Machine> _machines = [];
    private readonly string _switch;
    private readonly string _subnet;

    private Lab(int number, string subnet)
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{number}");
        _switch = $"m{Id}"; // At most 15 characters, as all names of links.
        _subnet = subnet;
    }

    /// <summary>What all names have in them.</summary>
    internal string Id { get; }

    /// <summary>This process's own address.</summary>
    public string Address => $"{_subnet}.1";

    /// <summary>
    /// Null when networks can be made here; else why a test that needs one is skipped. Where <c>MALL_TEST_REQUIRE</c> names
    /// <c>namespaces</c> that is a failure instead.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are required and cannot be made.</exception>
    public static async Task<string?> WhyMissingAsync()
    {
        try
        {
            await using var lab = await OpenAsync(CancellationToken.None);
            await lab.AddAsync("try", CancellationToken.None);
            return null;
        }
        catch (Exception failure) when (failure is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            var reason = $"No network namespaces here ({failure.Message.Trim()}): "
                + "they need Linux, root or CAP_NET_ADMIN, and apt-get install iproute2";
            var required = (Environment.GetEnvironmentVariable("MALL_TEST_REQUIRE") ?? "")
                .Split(',', StringSplitOptions.TrimEntries);
            return required.Contains(RequiredAs)
                ? throw new InvalidOperationException($"{reason} (MALL_TEST_REQUIRE names them)", failure)
                : reason;
        }
    }

    /// <summary>A switch without machines.</summary>
    public static async Task<Lab> OpenAsync(CancellationToken cancellationToken)
    {
        await RemoveWhatTheDeadHaveLeftAsync();
        var number = Interlocked.Increment(ref s_labs);
        var lab = new Lab(number, FreeSubnet(number));
        try
        {
            await IpAsync(
                cancellationToken,
                $"link add {lab._switch} type bridge",
                $"address add {lab.Address}/24 dev {lab._switch}",
                $"link set {lab._switch} up");
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>A machine with its cable plugged in.</summary>
    /// <param name="name">For people: letters and digits.</param>
    public async Task<Machine> AddAsync(string name, CancellationToken cancellationToken)
    {
        var machine = new Machine(this, _machines.Count + 2, name);
        _machines.Add(machine);
        await IpAsync(
            cancellationToken,
            $"netns add {machine.Namespace}",
            $"link add {machine.Plug} type veth peer name eth0 netns {machine.Namespace}",
            $"link set {machine.Plug} master {_switch} up");
        await IpAsync(
            machine, cancellationToken, "link set lo up", $"address add {machine.Address}/24 dev eth0", "link set eth0 up");
        return machine;
    }

    /// <summary>Pulls a machine's cable: it reaches nobody, and nobody reaches it. Nothing tells either so.</summary>
    public static Task UnplugAsync(Machine machine) => IpAsync(CancellationToken.None, $"link set {machine.Plug} down");

    /// <summary>Undoes it.</summary>
    public static Task PlugInAsync(Machine machine) => IpAsync(CancellationToken.None, $"link set {machine.Plug} up");

    /// <summary>
    /// What one machine sends to another is lost from now on; the other direction works. By a neighbour entry that nobody answers
    /// to: that needs no part of the kernel which may be missing, and unlike a route to nowhere it tells the sender nothing.
    /// </summary>
    public static Task CutAsync(Machine from, Machine to) => IpAsync(
        from, CancellationToken.None, $"neighbour replace {to.Address} lladdr 02:00:00:00:00:01 dev {from.Device} nud permanent");

    public static async Task CutBothAsync(Machine one, Machine other)
    {
        await CutAsync(one, other);
        await CutAsync(other, one);
    }

    /// <summary>Undoes all cuts, plugs in all cables, and makes slow ones fast.</summary>
    public async Task MendAsync()
    {
        foreach (var machine in _machines)
        {
            if (machine.Slow is { } slow) slow.Delay = TimeSpan.Zero;
            await PlugInAsync(machine);
            await IpAsync(machine, CancellationToken.None, $"neighbour flush dev {machine.Device} nud permanent");
        }
    }

    /// <summary>From now on all that a machine sends or is sent is on its way for this long, each way.</summary>
    public async Task SlowDownAsync(Machine machine, TimeSpan delay)
    {
        if (machine.Slow is null)
        {
            var (plug, slow) = (machine.Plug, SlowCable.Open($"s{Id}a{machine.Number}", $"s{Id}b{machine.Number}"));
            machine.Slow = slow;
            var card = NetworkCard(
                await Tool.RunAsync(["ip", "-n", machine.Namespace, "-o", "link", "show", "dev", "eth0"], default));
            await IpAsync(
                CancellationToken.None, $"link set {slow.Far} netns {machine.Namespace}",
                $"link set {slow.Near} master {_switch} up");
            await IpAsync(
                machine, CancellationToken.None, "link set eth0 down", $"address delete {machine.Address}/24 dev eth0",
                $"link set {slow.Far} address {card} up", $"address add {machine.Address}/24 dev {slow.Far}");
            await IpAsync(CancellationToken.None, $"link set {plug} nomaster down");
        }

        machine.Slow.Delay = delay;
    }

    /// <summary>Removes everything. The programs on the machines have ended by then.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var machine in _machines)
        {
            await Tool.TryRunAsync(["ip", "netns", "delete", machine.Namespace]);
            if (machine.Slow is not { } slow) continue;
            await Tool.TryRunAsync(["ip", "link", "delete", slow.Near]);
            slow.Dispose();
        }

        await Tool.TryRunAsync(["ip", "link", "delete", _switch]);
    }

    internal static string NameOf(string lab, string machine) => $"{NamePrefix}{lab}-{machine}";

    private static Task<string> IpAsync(CancellationToken cancellationToken, params string[] commands) =>
        Tool.RunAsync(["ip", "-batch", "-"], cancellationToken, input: string.Join('\n', commands) + '\n');

    private static Task<string> IpAsync(Machine machine, CancellationToken cancellationToken, params string[] commands) =>
        Tool.RunAsync(
            ["ip", "-n", machine.Namespace, "-batch", "-"], cancellationToken, input: string.Join('\n', commands) + '\n');

    /// <summary>The address behind "link/ether".</summary>
    private static string NetworkCard(string line) =>
        line[(line.IndexOf("link/ether ", StringComparison.Ordinal) + 11)..].Split(' ')[0];

    /// <summary>
    /// One of those that are set aside for tests of networks (RFC 2544) and that nobody here uses: 198.18.0 to 198.19.255.
    /// </summary>
    /// <summary>Labs that open at the same time in this process look in different places.</summary>
    private static string FreeSubnet(int number)
    {
        var taken = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(address => address.Address.ToString()).ToList();
        return Enumerable.Range(Environment.ProcessId + 64 * number, 512).Select(n => $"198.{18 + n / 256 % 2}.{n % 256}")
            .First(subnet => !taken.Any(address => address.StartsWith($"{subnet}.", StringComparison.Ordinal)));
    }

    private static async Task RemoveWhatTheDeadHaveLeftAsync()
    {
        if (!Directory.Exists("/run/netns")) return;
        foreach (var name in Directory.EnumerateFiles("/run/netns", $"{NamePrefix}*").Select(Path.GetFileName))
        {
            if (IsOfTheDead(name![NamePrefix.Length..])) await Tool.TryRunAsync(["ip", "netns", "delete", name]);
        }

        foreach (var card in NetworkInterface.GetAllNetworkInterfaces().Select(c => c.Name))
        {
            if (card.StartsWith('m') && card.Contains('-', StringComparison.Ordinal) && IsOfTheDead(card[1..]))
                await Tool.TryRunAsync(["ip", "link", "delete", card]);
        }
    }

    private static bool IsOfTheDead(string name) =>
        int.TryParse(name.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && !Directory.Exists($"/proc/{id}");
}
