using System.Globalization;

namespace Mall.TestServers.Networks;

/// <summary>A machine of a <see cref="Lab"/>.</summary>
public sealed class Machine
{
    private readonly string _plug;

    internal Machine(Lab lab, int number, string name)
    {
        Number = number;
        Name = name;
        Namespace = Lab.NameOf(lab.Id, name);
        _plug = string.Create(CultureInfo.InvariantCulture, $"v{lab.Id}p{number}");
        Address = lab.Address[..^1] + number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>For people.</summary>
    public string Name { get; }

    public string Address { get; }

    /// <summary>
    /// What stands before a command line that is to run there. The process is the command's own: nothing stays in between.
    /// </summary>
    public IReadOnlyList<string> Prefix => ["ip", "netns", "exec", Namespace];

    internal int Number { get; }

    internal string Namespace { get; }

    /// <summary>The end of its cable at the switch.</summary>
    internal string Plug => Slow?.Near ?? _plug;

    /// <summary>The cable that it has instead, once it has been made slow.</summary>
    internal SlowCable? Slow { get; set; }

    /// <summary>Its own end of its cable.</summary>
    internal string Device => Slow?.Far ?? "eth0";
}
