using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Mall.Runtime.Generator;

/// <summary>Tells at build time where grain interfaces and messages break the rules of the programming model.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class GrainModelAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Rules.SettableMember, Rules.MutableCollectionInMessage, Rules.NotImmutable, Rules.ForbiddenReturnType,
        Rules.MutableCollectionInCall, Rules.RefParameter, Rules.Generic, Rules.NotSerializable, Rules.DuplicateId,
        Rules.MissingId, Rules.DuplicateName, Rules.OneWayWithResult, Rules.NotReachable, Rules.TokenNotLast,
        Rules.NotAMethod, Rules.NotConstructible, Rules.BaseIsNoMessage, Rules.DuplicateMethod,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            var names = new ConcurrentDictionary<string, ConcurrentBag<INamedTypeSymbol>>(StringComparer.Ordinal);
            start.RegisterSymbolAction(c => Analyze((INamedTypeSymbol)c.Symbol, c.ReportDiagnostic, names), SymbolKind.NamedType);
            start.RegisterCompilationEndAction(c => ReportSameNames(names, c.ReportDiagnostic));
        });
    }

    private static void Analyze(
        INamedTypeSymbol type, Action<Diagnostic> report, ConcurrentDictionary<string, ConcurrentBag<INamedTypeSymbol>> names)
    {
        var isInterface = Symbols.IsGrainInterface(type);
        var isMessage = Symbols.IsMessage(type) && !Symbols.IsException(type);
        if (!isInterface && !isMessage) return;
        if (!Symbols.IsReachable(type)) report(Diagnostic.Create(Rules.NotReachable, type.Locations[0], type.Name));
        names.GetOrAdd(Names.OnWire(type), static _ => []).Add(type);
        if (isInterface) InterfaceRules.Check(type, report);
        else if (type.TypeKind != TypeKind.Enum) MessageRules.Check(type, report);
    }

    private static void ReportSameNames(
        ConcurrentDictionary<string, ConcurrentBag<INamedTypeSymbol>> names, Action<Diagnostic> report)
    {
        foreach (var same in names)
        {
            var types = same.Value.OrderBy(t => t.ToDisplayString(), StringComparer.Ordinal).ToArray();
            for (var i = 1; i < types.Length; i++)
                report(Diagnostic.Create(Rules.DuplicateName, types[i].Locations[0], types[0].Name, types[i].Name, same.Key));
        }
    }
}
