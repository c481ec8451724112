using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Rules for grain interfaces.</summary>
internal static class InterfaceRules
{
    public static void Check(INamedTypeSymbol type, Action<Diagnostic> report)
    {
        if (type.IsGenericType) report(Diagnostic.Create(Rules.Generic, type.Locations[0], type.Name));
        foreach (var member in Symbols.PropertiesAndEvents(type))
            report(Diagnostic.Create(Rules.NotAMethod, member.Locations[0], member.Name));

        var methods = Symbols.DeclaredMethods(type).ToList();
        foreach (var method in methods) CheckMethod(method, report);
        foreach (var same in methods.GroupBy(m => Names.MethodId(type, m)).Where(g => g.Count() > 1))
        {
            foreach (var method in same.Skip(1))
                report(Diagnostic.Create(Rules.DuplicateMethod, method.Locations[0], same.First().Name, method.Name));
        }
    }

    private static void CheckMethod(IMethodSymbol method, Action<Diagnostic> report)
    {
        var location = method.Locations[0];
        if (method.IsGenericMethod) report(Diagnostic.Create(Rules.Generic, location, method.Name));
        CheckResult(method, location, report);
        for (var i = 0; i < method.Parameters.Length; i++)
        {
            var parameter = method.Parameters[i];
            if (parameter.RefKind != RefKind.None)
                report(Diagnostic.Create(Rules.RefParameter, parameter.Locations[0], parameter.Name, method.Name));
            else if (!Symbols.IsCancellationToken(parameter.Type))
                CheckType(parameter.Type, $"Parameter '{parameter.Name}'", method, parameter.Locations[0], report);
            else if (i != method.Parameters.Length - 1)
                report(Diagnostic.Create(Rules.TokenNotLast, parameter.Locations[0], method.Name));
        }
    }

    private static void CheckResult(IMethodSymbol method, Location location, Action<Diagnostic> report)
    {
        var returned = method.ReturnType;
        if (RequestWriter.ReturnKind(returned) is null)
        {
            report(Diagnostic.Create(Rules.ForbiddenReturnType, location, method.Name, Display(returned)));
            return;
        }

        if (((INamedTypeSymbol)returned).TypeArguments.Length == 0) return;
        var result = ((INamedTypeSymbol)returned).TypeArguments[0];
        if (Symbols.Has(method, "OneWayAttribute"))
            report(Diagnostic.Create(Rules.OneWayWithResult, location, method.Name, Display(returned)));
        CheckType(result, "The result", method, location, report);
    }

    private static void CheckType(
        ITypeSymbol type, string what, IMethodSymbol method, Location location, Action<Diagnostic> report)
    {
        if (type is ITypeParameterSymbol) return; // Of a generic method or interface, which has been reported.
        if (TypeRules.FindMutable(type) is { } mutable)
            report(Diagnostic.Create(Rules.MutableCollectionInCall, location, what, method.Name, Display(mutable)));
        else if (TypeRules.FindNotSerializable(type) is { } culprit)
            report(Diagnostic.Create(Rules.NotSerializable, location, what, method.Name, Display(culprit)));
    }

    private static string Display(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
}
