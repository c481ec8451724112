using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Recognizes the programming model in symbols.</summary>
internal static class Symbols
{
    public const string Namespace = "Mall.Runtime";

    public static bool Is(ITypeSymbol? type, string name) =>
        type is INamedTypeSymbol named && named.OriginalDefinition.MetadataName == name
        && named.ContainingType is null && named.ContainingNamespace?.ToDisplayString() == Namespace;

    public static bool Is(ITypeSymbol? type, string space, string name) =>
        type is INamedTypeSymbol named && named.OriginalDefinition.MetadataName == name
        && named.ContainingType is null && named.ContainingNamespace?.ToDisplayString() == space;

    public static AttributeData? Attribute(ISymbol symbol, string name) =>
        symbol.GetAttributes().FirstOrDefault(a => Is(a.AttributeClass, name));

    public static bool Has(ISymbol symbol, string attribute) => Attribute(symbol, attribute) is not null;

    public static string? Alias(ISymbol symbol) => Attribute(symbol, "AliasAttribute")?.ConstructorArguments[0].Value as string;

    /// <summary>The number of an [Id], if the member has one.</summary>
    public static uint? Id(ISymbol member) =>
        Attribute(member, "IdAttribute")?.ConstructorArguments[0].Value is uint id ? id : null;

    /// <summary>A grain interface, but not the model's own markers.</summary>
    public static bool IsGrainInterface(ITypeSymbol? type) =>
        type is INamedTypeSymbol { TypeKind: TypeKind.Interface } named && !IsMarker(named)
            && named.AllInterfaces.Any(i => Is(i, "IAddressable"));

    public static bool IsGrainClass(INamedTypeSymbol type)
    {
        if (type.TypeKind != TypeKind.Class || type.IsAbstract || type.IsGenericType) return false;
        for (var parent = type.BaseType; parent is not null; parent = parent.BaseType)
        {
            if (Is(parent, "Grain")) return type.AllInterfaces.Any(IsGrainInterface);
        }

        return false;
    }

    public static bool IsException(INamedTypeSymbol type)
    {
        for (var parent = type.BaseType; parent is not null; parent = parent.BaseType)
        {
            if (Is(parent, "System", "Exception")) return true;
        }

        return false;
    }

    public static bool IsMessage(ITypeSymbol type) => Has(type.OriginalDefinition, "GenerateSerializerAttribute");

    public static bool IsCancellationToken(ITypeSymbol type) => Is(type, "System.Threading", "CancellationToken");

    /// <summary>
    /// The methods that a reference to this interface must have, each with the interface under whose name it is called.
    /// </summary>
    public static IEnumerable<(INamedTypeSymbol Owner, IMethodSymbol Method)> MethodsOf(INamedTypeSymbol grainInterface)
    {
        foreach (var method in DeclaredMethods(grainInterface)) yield return (grainInterface, method);
        foreach (var parent in grainInterface.AllInterfaces)
        {
            // Methods of an interface that is no grain interface have no requests of their own: the heir's generator makes them.
            var owner = IsGrainInterface(parent) ? parent : grainInterface;
            foreach (var method in DeclaredMethods(parent)) yield return (owner, method);
        }
    }

    /// <summary>The properties and events that an implementation would have to have.</summary>
    public static IEnumerable<ISymbol> PropertiesAndEvents(INamedTypeSymbol type) =>
        type.GetMembers().Where(m => m is (IPropertySymbol or IEventSymbol) and { IsStatic: false, IsAbstract: true });

    public static bool HasOtherThanMethods(INamedTypeSymbol type) =>
        PropertiesAndEvents(type).Any() || type.AllInterfaces.Any(i => PropertiesAndEvents(i).Any());

    /// <summary>Methods without a body.</summary>
    public static IEnumerable<IMethodSymbol> DeclaredMethods(INamedTypeSymbol type) =>
        type.GetMembers().OfType<IMethodSymbol>().Where(m => m.MethodKind == MethodKind.Ordinary && m.IsAbstract && !m.IsStatic);

    /// <summary>Whether generated code, which stands outside, can name it.</summary>
    public static bool IsReachable(ISymbol symbol)
    {
        for (var s = symbol; s is not null and not INamespaceSymbol; s = s.ContainingSymbol)
        {
            if (s.DeclaredAccessibility is Accessibility.Private or Accessibility.Protected or Accessibility.ProtectedAndInternal)
                return false;
        }

        return true;
    }

    public static bool IsPublic(ISymbol symbol)
    {
        for (var s = symbol; s is not null and not INamespaceSymbol; s = s.ContainingSymbol)
        {
            if (s.DeclaredAccessibility != Accessibility.Public) return false;
        }

        return true;
    }

    private static bool IsMarker(INamedTypeSymbol type) =>
        type.ContainingNamespace?.ToDisplayString() == Namespace
        && type.Name is ("IAddressable" or "IGrain" or "IGrainWithStringKey" or "IGrainWithIntegerKey" or "IGrainWithGuidKey");
}
