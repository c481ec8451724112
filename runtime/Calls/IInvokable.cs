using System.Reflection;

namespace Mall.Runtime;

/// <summary>A call as data: what filters and <see cref="MayInterleaveAttribute"/> predicates look at.</summary>
public interface IInvokable
{
    /// <summary>Number of arguments, a cancellation token included.</summary>
    int GetArgumentCount();

    /// <summary>The argument at this index. Boxes values: for filters, not for the call path.</summary>
    object? GetArgument(int index);

    /// <summary>Replaces the argument at this index.</summary>
    /// <exception cref="InvalidCastException">The value is not of the parameter's type.</exception>
    void SetArgument(int index, object? value);

    /// <summary>The method's name.</summary>
    string GetMethodName();

    /// <summary>The interface's full name, or its alias.</summary>
    string GetInterfaceName();

    /// <summary>The interface that declares the method.</summary>
    Type GetInterfaceType();

    /// <summary>The method, found by reflection.</summary>
    MethodInfo GetMethod();

    /// <summary>The grain's instance; null before the call has reached it.</summary>
    object? GetTarget();

    /// <summary>The token among the arguments; the none token when there is none.</summary>
    CancellationToken GetCancellationToken();
}
