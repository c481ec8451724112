using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>
/// What the analyzer reports. All are errors: each of them would otherwise fail, or corrupt something, at run time.
/// </summary>
internal static class Rules
{
    private const string UseImmutable = "use ImmutableArray<T>, IReadOnlyList<T>, ImmutableDictionary<K, V> or the like";

    public static readonly DiagnosticDescriptor SettableMember = Rule(
        "MALL0001", "A message must not change",
        "'{0}' of message '{1}' can be changed after construction: make it init-only or read-only");

    public static readonly DiagnosticDescriptor MutableCollectionInMessage = Rule(
        "MALL0002", "A message must not hold what can change",
        "'{0}' of message '{1}' is a {2}, which can change: " + UseImmutable);

    public static readonly DiagnosticDescriptor NotImmutable = Rule(
        "MALL0003", "A message says that it is immutable",
        "Message '{0}' passes by reference within a silo: mark it [Immutable]");

    public static readonly DiagnosticDescriptor ForbiddenReturnType = Rule(
        "MALL0004", "A grain's method is asynchronous",
        "'{0}' returns {1}: a grain interface's method returns Task, Task<T>, ValueTask or ValueTask<T>");

    public static readonly DiagnosticDescriptor MutableCollectionInCall = Rule(
        "MALL0005", "What passes between grains must not change",
        "{0} of '{1}' is a {2}, which both sides could change: " + UseImmutable);

    public static readonly DiagnosticDescriptor RefParameter = Rule(
        "MALL0006", "A grain's method takes values",
        "Parameter '{0}' of '{1}' is ref, in or out, which no call between grains can be");

    public static readonly DiagnosticDescriptor Generic = Rule(
        "MALL0007", "Grain interfaces and their methods are not generic", "'{0}' is generic, so no request can be made for it");

    public static readonly DiagnosticDescriptor NotSerializable = Rule(
        "MALL0008", "What passes between grains can be serialized",
        "{0} of '{1}' is a {2}, which cannot be serialized: mark its type [GenerateSerializer] or use another");

    public static readonly DiagnosticDescriptor DuplicateId = Rule(
        "MALL0009", "Numbers of members are unique", "'{0}' and '{1}' of message '{2}' have the same [Id({3})]");

    public static readonly DiagnosticDescriptor MissingId = Rule(
        "MALL0010", "Every member of a message is numbered",
        "'{0}' of message '{1}' has no [Id], so it would be lost on the way");

    public static readonly DiagnosticDescriptor DuplicateName = new(
        "MALL0011", "Names on the wire are unique", "'{0}' and '{1}' have the same name on the wire, \"{2}\"",
        "Mall.Runtime", DiagnosticSeverity.Error, isEnabledByDefault: true, customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor OneWayWithResult = Rule(
        "MALL0012", "A one-way call has no result", "'{0}' is [OneWay] and returns {1}: nobody would wait for the result");

    public static readonly DiagnosticDescriptor NotReachable = Rule(
        "MALL0013", "Generated code must reach what it serves", "'{0}' is private or protected: make it internal or public");

    public static readonly DiagnosticDescriptor TokenNotLast = Rule(
        "MALL0014", "A cancellation token comes last", "'{0}' may have one CancellationToken, as its last parameter");

    public static readonly DiagnosticDescriptor NotAMethod = Rule(
        "MALL0015", "A grain interface has methods only",
        "'{0}' is a property or an event, which no call can reach: make it a method");

    public static readonly DiagnosticDescriptor NotConstructible = Rule(
        "MALL0016", "A message can be constructed from its members",
        "Message '{0}' cannot be read back: {1}");

    public static readonly DiagnosticDescriptor BaseIsNoMessage = Rule(
        "MALL0017", "The base of a message is a message",
        "'{1}', the base of message '{0}', is no message: mark it [GenerateSerializer]");

    public static readonly DiagnosticDescriptor DuplicateMethod = Rule(
        "MALL0018", "Methods of an interface have different names on the wire", "'{0}' and '{1}' have the same name on the wire");

    private static DiagnosticDescriptor Rule(string id, string title, string message) =>
        new(id, title, message, "Mall.Runtime", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
