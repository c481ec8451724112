using System.Reflection;

namespace Mall.Runtime;

/// <summary>One call, as call filters see it.</summary>
public interface IGrainCallContext
{
    /// <summary>The call as data.</summary>
    IInvokable Request { get; }

    /// <summary>Incoming: the grain's instance. Outgoing: the reference that is called.</summary>
    object Grain { get; }

    /// <summary>The grain that calls; null for code outside grains.</summary>
    GrainId? SourceId { get; }

    /// <summary>The grain that is called.</summary>
    GrainId TargetId { get; }

    /// <summary>The interface's full name, or its alias.</summary>
    string InterfaceName { get; }

    /// <summary>The method's name.</summary>
    string MethodName { get; }

    /// <summary>The method, found by reflection.</summary>
    MethodInfo InterfaceMethod { get; }

    /// <summary>The result once <see cref="Invoke"/> has ended. A filter may replace it.</summary>
    object? Result { get; set; }

    /// <summary>Goes on to the next filter, or to the method behind the last one.</summary>
    Task Invoke();
}
