using System.Reflection;

namespace Mall.Runtime;

/// <summary>
/// Describes one method of a grain interface. The generator writes one static instance per method; it is never made at run time.
/// </summary>
/// <param name="interfaceType">The declaring interface.</param>
/// <param name="interfaceName">Its full name, or its alias.</param>
/// <param name="name">The method's name, or its alias.</param>
/// <param name="parameterTypes">To find the method by reflection, for filters that ask for it.</param>
/// <param name="options">What the method's attributes say.</param>
/// <param name="id">Identity on the wire: a hash of interface name, method name and parameter types.</param>
/// <param name="read">Reads a request of this method from its bytes.</param>
public sealed class GrainMethod(
    Type interfaceType, string interfaceName, string name, Type[] parameterTypes, InvokeOptions options, ulong id,
    ReadGrainRequest read)
{
    private MethodInfo? _method;

    /// <summary>The declaring interface.</summary>
    public Type InterfaceType { get; } = interfaceType;

    /// <summary>The interface's full name, or its alias.</summary>
    public string InterfaceName { get; } = interfaceName;

    /// <summary>The method's name.</summary>
    public string Name { get; } = name;

    /// <summary>What the method's attributes say.</summary>
    public InvokeOptions Options { get; } = options;

    /// <summary>Identity on the wire.</summary>
    public ulong Id { get; } = id;

    /// <summary>The method, found by reflection when somebody asks.</summary>
    public MethodInfo Method => _method ??= InterfaceType.GetMethod(Name, parameterTypes)
        ?? throw new MissingMethodException(InterfaceType.FullName, Name);

    internal ReadGrainRequest Read { get; } = read;

    /// <inheritdoc/>
    public override string ToString() => $"{InterfaceName}.{Name}";
}
