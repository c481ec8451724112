using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Writes the reference class of a grain interface, and the request classes of the methods that it declares.</summary>
internal static class ProxyWriter
{
    /// <summary>The source, or null when the interface breaks a rule; the analyzer tells which.</summary>
    public static string? Write(INamedTypeSymbol grainInterface)
    {
        if (grainInterface.IsGenericType || !Symbols.IsReachable(grainInterface) || Symbols.HasOtherThanMethods(grainInterface))
            return null;
        var methods = Symbols.MethodsOf(grainInterface).ToList();
        if (!methods.All(m => RequestWriter.HasShape(m.Method))) return null;
        var requests = methods
            .Where(m => SymbolEqualityComparer.Default.Equals(m.Owner, grainInterface))
            .Select(m => new RequestWriter(m.Owner, m.Method))
            .ToList();
        if (!requests.All(r => r.CanBeWritten)) return null;

        var source = SourceWriter.ForFile();
        using (source.Open($"namespace {Names.GeneratedNamespace(grainInterface)}"))
        {
            EmitProxy(source, grainInterface, methods);
            foreach (var request in requests) request.Emit(source);
        }

        return source.ToString();
    }

    private static void EmitProxy(
        SourceWriter source, INamedTypeSymbol grainInterface, List<(INamedTypeSymbol Owner, IMethodSymbol Method)> methods)
    {
        var access = Symbols.IsPublic(grainInterface) ? "public" : "internal";
        var name = Names.Proxy(grainInterface);
        using var type = source.Open(
            $"{access} sealed class {name} : {Names.Runtime}GrainReference, {Names.Full(grainInterface)}");
        source.Line($"public {name}({Names.Runtime}SiloRuntime runtime, in {Names.Runtime}GrainId grainId)");
        source.Line("    : base(runtime, grainId) { }");
        foreach (var (owner, method) in methods) EmitMethod(source, owner, method);
    }

    private static void EmitMethod(SourceWriter source, INamedTypeSymbol owner, IMethodSymbol method)
    {
        var parameters = string.Join(", ", method.Parameters.Select((p, i) => $"{Names.Full(p.Type)} a{i}"));
        var arguments = string.Join(", ", method.Parameters.Select((_, i) => $"a{i}"));
        var request = $"new global::{Names.GeneratedNamespace(owner)}.{Names.Request(owner, method)}({arguments})";
        var call = Symbols.Has(method, "OneWayAttribute") ? $"Notify({request})" : $"Call({request}{Token(method)})";
        if (Symbols.Is(method.ReturnType, "System.Threading.Tasks", "ValueTask"))
            call = $"new global::System.Threading.Tasks.ValueTask({call})";
        if (Symbols.Is(method.ReturnType, "System.Threading.Tasks", "ValueTask`1"))
            call = $"new {Names.Full(method.ReturnType)}({call})";
        var signature = $"{Names.Full(method.ReturnType)} {Names.Full(method.ContainingType)}.{method.Name}({parameters})";
        source.Line($"{signature} => {call};");
    }

    private static string Token(IMethodSymbol method)
    {
        for (var i = 0; i < method.Parameters.Length; i++)
        {
            if (Symbols.IsCancellationToken(method.Parameters[i].Type)) return $", a{i}";
        }

        return "";
    }
}
