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
        return $"builder.AddInterface<{Names.Full(type)}>(static (runtime, id) => new {space}{Names.Proxy(type)}(runtime, id){string.Concat(methods)});";
    }

    public static string GrainLine(INamedTypeSymbol type)
    {
        var interfaces = type.AllInterfaces.Where(Symbols.IsGrainInterface).Select(i => $", typeof({Names.ForTypeof(i)})");
        return $"builder.AddGrain(typeof({Names.ForTypeof(type)}){string.Concat(interfaces)});";
    }

    public static string SerializerLine(INamedTypeSymbol type) =>
        $"builder.AddSerializer(global::{Names.GeneratedNamespace(type)}.{Names.Serializer(type)}.Instance);";

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
