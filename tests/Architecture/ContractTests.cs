using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mall.Architecture.Tests;

/// <summary>
/// grain-interfaces/ is what travels between silos of different versions: everything in it has a name of its own on the wire,
/// so that renaming it in code breaks nobody, and nothing in it can change under a reader's hands.
/// </summary>
public sealed class ContractTests
{
    static readonly List<(string File, BaseTypeDeclarationSyntax Type)> s_types =
    [
        .. from file in SourceTree.CSharp("grain-interfaces")
           let root = CSharpSyntaxTree.ParseText(SourceTree.Read(file)).GetRoot()
           from type in root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
           select (file, type),
    ];

    static IEnumerable<(string File, InterfaceDeclarationSyntax Type)> Interfaces =>
        s_types.Where(t => t.Type is InterfaceDeclarationSyntax).Select(t => (t.File, (InterfaceDeclarationSyntax)t.Type));

    /// <summary>Records are messages, and so is whatever says that it is serialized.</summary>
    static IEnumerable<(string File, BaseTypeDeclarationSyntax Type)> Messages => s_types.Where(
        t => t.Type is RecordDeclarationSyntax
            || (Has(t.Type.AttributeLists, "GenerateSerializer")
                && !t.Type.Identifier.Text.EndsWith("Exception", StringComparison.Ordinal)));

    [Fact]
    public void Contract_IsSeenByTheseTests()
    {
        Assert.True(Interfaces.Count() >= 10, "Fewer grain interfaces than there must be: these tests look in the wrong place.");
        Assert.True(Messages.Count() >= 20, "Fewer messages than there must be: these tests look in the wrong place.");
    }

    [Fact]
    public void Interface_HasAnAlias() =>
        Findings.AssertNone(
            from i in Interfaces
            where AliasOf(i.Type.AttributeLists) is null
            select $"{i.File}: {i.Type.Identifier}");

    [Fact]
    public void InterfaceMethod_HasAnAlias() => Findings.AssertNone(
        from i in Interfaces
        from method in i.Type.Members.OfType<MethodDeclarationSyntax>()
        where AliasOf(method.AttributeLists) is null
        select $"{i.File}: {i.Type.Identifier}.{method.Identifier}");

    [Fact]
    public void InterfaceMethod_SharesItsAliasWithNoOther() => Findings.AssertNone(
        from i in Interfaces
        from alias in i.Type.Members.OfType<MethodDeclarationSyntax>().GroupBy(m => AliasOf(m.AttributeLists))
        where alias.Count() > 1
        select $"{i.File}: {i.Type.Identifier} has {alias.Count()} methods called {alias.Key}");

    /// <summary>Orleans' own wait is longer than a client's: a saga whose call is lost has to ask again before.</summary>
    [Fact]
    public void BranchMethod_IsWaitedForNoLongerThanAClientWaits()
    {
        var branches = (
            from i in Interfaces
            from method in i.Type.Members.OfType<MethodDeclarationSyntax>()
            where method.ParameterList.Parameters is [{ Type: IdentifierNameSyntax { Identifier.Text: "Branch" } }, ..]
            select (i.File, Method: $"{i.Type.Identifier}.{method.Identifier}", Attributes: method.AttributeLists.ToString()))
            .ToList();
        Assert.True(branches.Count >= 7, "Fewer branches than there must be: this test looks in the wrong place.");
        Findings.AssertNone(
            from branch in branches
            where !branch.Attributes.Contains("ResponseTimeout(Branch.ResponseTimeout)", StringComparison.Ordinal)
            select $"{branch.File}: {branch.Method} lacks [ResponseTimeout(Branch.ResponseTimeout)]");
    }

    [Fact]
    public void Message_IsSerializedImmutableAndHasAnAlias()
    {
        string[] needed = ["GenerateSerializer", "Immutable", "Alias"];
        Findings.AssertNone(
            from message in Messages
            from attribute in needed
            where !Has(message.Type.AttributeLists, attribute)
            select $"{message.File}: {message.Type.Identifier} lacks [{attribute}]");
    }

    /// <summary>Orleans hands on an exception that has no serializer as another one, and the front door would not know
    /// it.</summary>
    [Fact]
    public void Exception_IsSerializedAndHasAnAlias()
    {
        var exceptions = s_types.Where(t => t.Type.Identifier.Text.EndsWith("Exception", StringComparison.Ordinal)).ToList();
        Assert.True(exceptions.Count >= 3, "Fewer exceptions than there must be: this test looks in the wrong place.");
        string[] needed = ["GenerateSerializer", "Alias"];
        Findings.AssertNone(
            from exception in exceptions
            from attribute in needed
            where !Has(exception.Type.AttributeLists, attribute)
            select $"{exception.File}: {exception.Type.Identifier} lacks [{attribute}]");
    }

    [Fact]
    public void Type_SharesItsAliasWithNoOther() => Findings.AssertNone(
        from type in s_types
        let alias = AliasOf(type.Type.AttributeLists)
        where alias is not null
        group type by alias into same
        where same.Count() > 1
        select $"{same.Key}: {string.Join(", ", same.Select(t => t.Type.Identifier))}");

    static string? AliasOf(SyntaxList<AttributeListSyntax> attributes) =>
        Attributes(attributes).FirstOrDefault(a => a.Name.ToString() == "Alias")?.ArgumentList?.Arguments[0].ToString();

    static bool Has(SyntaxList<AttributeListSyntax> attributes, string name) =>
        Attributes(attributes).Any(a => a.Name.ToString() == name);

    static IEnumerable<AttributeSyntax> Attributes(SyntaxList<AttributeListSyntax> lists) => lists.SelectMany(l => l.Attributes);
}
