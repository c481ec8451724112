using System.Text;
using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Writes the assembly's manifest.</summary>
internal static class ManifestWriter
{
    public static string InterfaceLine(INamedTypeSymbol type)
    {
        var space = $"global::{Names.GeneratedNamespace(type)}.";
        var methods = Symbols.MethodsOf(type)
            .Where(m => SymbolEqualityComparer.Default.Equals(m.Owner, type))
            .Select(m => $", {space}{Names.Request(type, m.Method)}.Descriptor");
        var create = $"static (runtime, id) => new {space}{Names.Proxy(type)}(runtime, id)";
        return $"builder.AddInterface<{Names.Full(type)}>({create}{string.Concat(methods)});";
    }

    public static string GrainLine(INamedTypeSymbol type)
    {
        var interfaces = type.AllInterfaces.Where(Symbols.IsGrainInterface).Select(i => $", typeof({Names.ForTypeof(i)})");
        return $"builder.AddGrain(typeof({Names.ForTypeof(type)}){string.Concat(interfaces)});";
    }

    public static string SerializerLine(INamedTypeSymbol type) =>
        $"builder.AddSerializer(global::{Names.GeneratedNamespace(type)}.{Names.Serializer(type)}.Instance);";

    /// <summary>Null when the type is no exception, or has no constructor by which it can be made from a message.</summary>
    public static string? ExceptionLine(INamedTypeSymbol type)
    {
        if (type.IsAbstract || type.IsGenericType || !Symbols.IsException(type)) return null;
        var name = Names.ForTypeof(type);
        string? create = null;
        foreach (var constructor in type.InstanceConstructors.Where(Symbols.IsReachable))
        {
            var parameters = constructor.Parameters;
            if (parameters.Length == 0 || parameters[0].Type.SpecialType != SpecialType.System_String) continue;
            if (parameters.Length == 2 && Symbols.Is(parameters[1].Type, "System", "Exception"))
                create = $"new {name}(message, inner)";
            else if (parameters.Length == 1) create ??= $"new {name}(message)";
        }

        return create is null
            ? null
            : $"builder.AddException({Names.Literal(Names.OnWire(type))}, static (message, inner) => {create});";
    }

    public static string Write(string assemblyName, string lines)
    {
        var name = "Manifest_" + string.Concat(assemblyName.Select(c => char.IsLetterOrDigit(c) ? c : '_'));
        var source = SourceWriter.ForFile();
        source.Line($"[assembly: {Names.Runtime}TypeManifest(typeof(MallGenerated.{name}))]");
        using (source.Open("namespace MallGenerated"))
        using (source.Open($"internal sealed class {name} : {Names.Runtime}TypeManifest"))
        using (source.Open($"public override void Describe({Names.Runtime}TypeManifestBuilder builder)"))
        {
            foreach (var line in lines.Split('\n')) source.Line(line);
        }

        return source.ToString();
    }
}
