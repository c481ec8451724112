namespace Mall.Silo.Settings;

/// <summary>What a process does in the mall. It may do both, and then calls itself without a socket.</summary>
[Flags]
public enum Roles
{
    None = 0,

    /// <summary>Hosts grains.</summary>
    Silo = 1,

    /// <summary>Is a front door.</summary>
    Api = 2,
}
