using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Rules for messages.</summary>
internal static class MessageRules
{
    public static void Check(INamedTypeSymbol message, Action<Diagnostic> report)
    {
        if (!Symbols.Has(message, "ImmutableAttribute"))
            report(Diagnostic.Create(Rules.NotImmutable, message.Locations[0], message.Name));
        if (message.BaseType is { } parent && !IsRoot(parent) && !Symbols.IsMessage(parent))
            report(Diagnostic.Create(Rules.BaseIsNoMessage, message.Locations[0], message.Name, parent.Name));

        var constructor = MessageShape.PrimaryConstructor(message);
        foreach (var parameter in constructor?.Parameters ?? []) CheckType(parameter, parameter.Type, message, report);
        foreach (var member in StoredMembers(message))
        {
            var isParameter = constructor?.Parameters.Any(p => p.Name == member.Name) ?? false;
            if (constructor is not null && !isParameter && IsDerived(member)) continue;
            CheckStored(member, isParameter, message, report);
        }

        CheckIds(message, report);
        if (constructor is null && !message.IsAbstract && !message.IsValueType
            && !message.InstanceConstructors.Any(c => c.Parameters.Length == 0 && Symbols.IsReachable(c)))
            ReportNotConstructible(message, message, "it has neither a primary constructor nor one without parameters", report);
    }

    private static void ReportNotConstructible(
        INamedTypeSymbol message, ISymbol culprit, string why, Action<Diagnostic> report) =>
        report(Diagnostic.Create(Rules.NotConstructible, culprit.Locations[0], message.Name, why));

    private static void CheckStored(ISymbol member, bool isParameter, INamedTypeSymbol message, Action<Diagnostic> report)
    {
        var location = member.Locations[0];
        if (CanChange(member)) report(Diagnostic.Create(Rules.SettableMember, location, member.Name, message.Name));
        if (isParameter) return;
        if (Symbols.Id(member) is null)
            report(Diagnostic.Create(Rules.MissingId, location, member.Name, message.Name));
        else if (!MessageShape.IsSettable(member) && member is not IFieldSymbol)
            ReportNotConstructible(
                message, member, $"'{member.Name}' has no init accessor that generated code can reach", report);
        else if (member is IFieldSymbol)
            ReportNotConstructible(message, member, $"'{member.Name}' is a field; make it an init-only property", report);
        CheckType(member, MessageShape.TypeOf(member), message, report);
    }

    private static void CheckType(ISymbol member, ITypeSymbol type, INamedTypeSymbol message, Action<Diagnostic> report)
    {
        if (TypeRules.FindMutable(type) is { } mutable)
            report(Diagnostic.Create(
                Rules.MutableCollectionInMessage, member.Locations[0], member.Name, message.Name, Display(mutable)));
        else if (TypeRules.FindNotSerializable(type) is { } culprit)
            report(Diagnostic.Create(
                Rules.NotSerializable, member.Locations[0], $"'{member.Name}'", message.Name, Display(culprit)));
    }

    private static void CheckIds(INamedTypeSymbol message, Action<Diagnostic> report)
    {
        foreach (var same in MessageShape.IdMembers(message).GroupBy(m => Symbols.Id(m)!.Value).Where(g => g.Count() > 1))
        {
            var second = same.FirstOrDefault(m => SymbolEqualityComparer.Default.Equals(m.ContainingType, message))
                ?? same.Last();
            var first = same.First(m => !SymbolEqualityComparer.Default.Equals(m, second));
            report(Diagnostic.Create(Rules.DuplicateId, second.Locations[0], first.Name, second.Name, message.Name, same.Key));
        }
    }

    /// <summary>Fields, and properties that have one behind them.</summary>
    private static IEnumerable<ISymbol> StoredMembers(INamedTypeSymbol message)
    {
        foreach (var field in message.GetMembers().OfType<IFieldSymbol>().Where(f => !f.IsStatic && !f.IsConst))
        {
            if (field.AssociatedSymbol is IPropertySymbol property) yield return property;
            else if (!field.IsImplicitlyDeclared) yield return field;
        }
    }

    /// <summary>
    /// Read-only and not numbered: beside a primary constructor it is computed anew from that one's parameters.
    /// </summary>
    private static bool IsDerived(ISymbol member) =>
        Symbols.Id(member) is null && member is (IPropertySymbol { SetMethod: null } or IFieldSymbol { IsReadOnly: true });

    private static bool CanChange(ISymbol member) => member switch
    {
        IPropertySymbol { SetMethod: { IsInitOnly: false } } => true,
        IFieldSymbol { IsReadOnly: false } => true,
        _ => false,
    };

    private static bool IsRoot(INamedTypeSymbol type) =>
        type.SpecialType is SpecialType.System_Object or SpecialType.System_ValueType;

    private static string Display(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
}
