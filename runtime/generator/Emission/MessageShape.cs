using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mall.Runtime.Generator;

/// <summary>The serialized members of a message, and how it is constructed from them.</summary>
internal sealed class MessageShape
{
    private readonly INamedTypeSymbol _message;
    private readonly int _constructorArguments;

    private MessageShape(INamedTypeSymbol message, List<Member> members, int constructorArguments, bool isBroken)
    {
        _message = message;
        Members = members;
        _constructorArguments = constructorArguments;
        IsBroken = isBroken;
    }

    /// <summary>Parameters of the primary constructor first, in their order.</summary>
    public List<Member> Members { get; }

    /// <summary>Some member cannot be set, or a number is used twice. The analyzer tells.</summary>
    public bool IsBroken { get; }

    public static MessageShape Of(INamedTypeSymbol message)
    {
        var members = new List<Member>();
        var isBroken = false;
        var constructor = PrimaryConstructor(message);
        if (constructor is not null)
        {
            // Parameters get odd numbers and [Id] members even ones, so that neither can disturb the other.
            foreach (var parameter in constructor.Parameters)
                members.Add(new Member(parameter.Name, parameter.Type, ((uint)parameter.Ordinal * 2) + 1));
        }
        else if (!message.IsValueType
            && !message.InstanceConstructors.Any(c => c.Parameters.Length == 0 && Symbols.IsReachable(c)))
        {
            isBroken = true;
        }

        foreach (var member in IdMembers(message))
        {
            members.Add(new Member(member.Name, TypeOf(member), (Symbols.Id(member)!.Value * 2) + 2));
            isBroken |= !IsSettable(member);
        }

        isBroken |= members.GroupBy(m => m.Number).Any(g => g.Count() > 1);
        return new MessageShape(message, members, constructor?.Parameters.Length ?? 0, isBroken);
    }

    /// <summary>The expression that makes a message of values that have been read.</summary>
    public string Construction(List<WireMember> values)
    {
        var arguments = string.Join(", ", values.Take(_constructorArguments).Select(v => v.ReadExpression()));
        var members = string.Join(", ", values.Skip(_constructorArguments).Select(v => $"{v.Name} = {v.ReadExpression()}"));
        return $"new {Names.ForTypeof(_message)}({arguments}){(members.Length == 0 ? "" : $" {{ {members} }}")}";
    }

    /// <summary>The members with an [Id], those of base types included.</summary>
    public static IEnumerable<ISymbol> IdMembers(INamedTypeSymbol message)
    {
        for (var type = message; type is not null && type.SpecialType != SpecialType.System_Object; type = type.BaseType)
        {
            foreach (var member in type.GetMembers()
                .Where(m => m is IPropertySymbol or IFieldSymbol && Symbols.Id(m) is not null))
                yield return member;
        }
    }

    /// <summary>The constructor of which the type's declaration is the signature.</summary>
    public static IMethodSymbol? PrimaryConstructor(INamedTypeSymbol message) => message.InstanceConstructors.FirstOrDefault(c =>
        c.DeclaringSyntaxReferences.Any(r => r.GetSyntax() is RecordDeclarationSyntax { ParameterList: not null }));

    /// <summary>The messages of this assembly that derive from an abstract one, in the order of their names.</summary>
    public static IEnumerable<INamedTypeSymbol> Heirs(INamedTypeSymbol family) =>
        TypesIn(family.ContainingAssembly.GlobalNamespace)
            .Where(t => !t.IsAbstract && Symbols.IsMessage(t) && !t.IsGenericType && DerivesFrom(t, family))
            .OrderBy(Names.OnWire, StringComparer.Ordinal);

    public static ITypeSymbol TypeOf(ISymbol member) =>
        member is IPropertySymbol property ? property.Type : ((IFieldSymbol)member).Type;

    /// <summary>Whether generated code can read it and set it in an initializer.</summary>
    public static bool IsSettable(ISymbol member) => Symbols.IsReachable(member) && member switch
    {
        IPropertySymbol { IsIndexer: false, GetMethod: not null, SetMethod: { } setter } => Symbols.IsReachable(setter),
        IFieldSymbol { IsReadOnly: false, IsConst: false } => true,
        _ => false,
    };

    private static bool DerivesFrom(INamedTypeSymbol type, INamedTypeSymbol family)
    {
        for (var parent = type.BaseType; parent is not null; parent = parent.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(parent, family)) return true;
        }

        return false;
    }

    private static IEnumerable<INamedTypeSymbol> TypesIn(INamespaceOrTypeSymbol container)
    {
        foreach (var member in container.GetMembers().OfType<INamespaceOrTypeSymbol>())
        {
            if (member is INamedTypeSymbol type) yield return type;
            foreach (var inner in TypesIn(member)) yield return inner;
        }
    }

    internal sealed record Member(string Name, ITypeSymbol Type, uint Number);
}
