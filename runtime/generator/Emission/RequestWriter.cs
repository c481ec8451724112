using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Writes the request class of one method.</summary>
internal sealed class RequestWriter
{
    private static readonly string[] OptionAttributes = ["AlwaysInterleave", "ReadOnly", "OneWay"];

    private readonly INamedTypeSymbol _owner;
    private readonly IMethodSymbol _method;
    private readonly string _name;
    private readonly SerializerFields _serializers = new();
    private readonly List<WireMember> _arguments = [];
    private readonly WireMember? _result;
    private readonly int _token = -1;

    public RequestWriter(INamedTypeSymbol owner, IMethodSymbol method)
    {
        _owner = owner;
        _method = method;
        _name = Names.Request(owner, method);
        for (var i = 0; i < method.Parameters.Length; i++)
        {
            var parameter = method.Parameters[i];
            var type = parameter.Type;
            if (Symbols.IsCancellationToken(type)) _token = i;
            else _arguments.Add(new WireMember(parameter.Name, $"_a{i}", type, (uint)i + 1, _serializers.For(type)));
        }

        var returned = (INamedTypeSymbol)method.ReturnType;
        if (returned.TypeArguments.Length == 1)
            _result = new WireMember(
                "result", "result", returned.TypeArguments[0], 1, _serializers.For(returned.TypeArguments[0]));
    }

    /// <summary>Whether all types can be sent.</summary>
    public bool CanBeWritten => _serializers.IsComplete;

    /// <summary>Whether the method's shape is one that a grain interface may have.</summary>
    public static bool HasShape(IMethodSymbol method) =>
        !method.IsGenericMethod && method.Parameters.All(p => p.RefKind == RefKind.None)
            && ReturnKind(method.ReturnType) is { } kind
        && (kind.StartsWith("Void", StringComparison.Ordinal) || !Symbols.Has(method, "OneWayAttribute"));

    /// <summary>Base class of the request, by what the method returns; null when it may not return that.</summary>
    public static string? ReturnKind(ITypeSymbol type)
    {
        const string Space = "System.Threading.Tasks";
        if (Symbols.Is(type, Space, "Task")) return "VoidTaskRequest";
        if (Symbols.Is(type, Space, "Task`1")) return "TaskRequest";
        if (Symbols.Is(type, Space, "ValueTask")) return "VoidValueTaskRequest";
        return Symbols.Is(type, Space, "ValueTask`1") ? "ValueTaskRequest" : null;
    }

    public void Emit(SourceWriter source)
    {
        var access = Symbols.IsPublic(_owner) ? "public" : "internal";
        var result = _result is null ? "" : $"<{Names.Full(_result.Type)}>";
        using var type = source.Open($"{access} sealed class {_name} : {Names.Runtime}{ReturnKind(_method.ReturnType)}{result}");
        EmitDescriptor(source);
        _serializers.EmitFields(source);
        EmitConstructor(source);
        source.Line($"public override {Names.Runtime}GrainMethod Method => Descriptor;");
        EmitInvoke(source);
        EmitReflection(source);
        EmitWriteArguments(source);
        EmitRead(source);
        if (_result is not null) EmitResult(source);
    }

    private void EmitDescriptor(SourceWriter source)
    {
        var parameters = string.Join(", ", _method.Parameters.Select(p => $"typeof({Names.ForTypeof(p.Type)})"));
        var options = OptionAttributes
            .Where(o => Symbols.Has(_method, o + "Attribute")).Select(o => $"{Names.Runtime}InvokeOptions.{o}").ToArray();
        source.Line($"public static readonly {Names.Runtime}GrainMethod Descriptor = new(");
        source.Line($"    typeof({Names.ForTypeof(_method.ContainingType)}), {Names.Literal(Names.OnWire(_owner))}, "
            + $"{Names.Literal(_method.Name)}, new global::System.Type[] {{ {parameters} }},");
        source.Line($"    {(options.Length == 0 ? $"{Names.Runtime}InvokeOptions.None" : string.Join(" | ", options))}, "
            + $"0x{Names.MethodId(_owner, _method):x16}UL, Read);");
    }

    private void EmitConstructor(SourceWriter source)
    {
        if (_method.Parameters.Length == 0) return;
        for (var i = 0; i < _method.Parameters.Length; i++)
            source.Line($"private {Names.Full(_method.Parameters[i].Type)} _a{i};");
        var parameters = string.Join(", ", _method.Parameters.Select((p, i) => $"{Names.Full(p.Type)} a{i}"));
        using (source.Open($"public {_name}({parameters})"))
        {
            for (var i = 0; i < _method.Parameters.Length; i++) source.Line($"_a{i} = a{i};");
        }
    }

    private void EmitInvoke(SourceWriter source)
    {
        var arguments = string.Join(", ", _method.Parameters.Select((_, i) => $"_a{i}"));
        source.Line($"protected override {Names.Full(_method.ReturnType)} InvokeMethod(object grain) => "
            + $"(({Names.Full(_method.ContainingType)})grain).{_method.Name}({arguments});");
    }

    private void EmitReflection(SourceWriter source)
    {
        if (_method.Parameters.Length != 0)
        {
            source.Line($"public override int GetArgumentCount() => {_method.Parameters.Length};");
            var cases = string.Join(" ", _method.Parameters.Select((_, i) => $"{i} => _a{i},"));
            var get = $"index switch {{ {cases} _ => base.GetArgument(index) }}";
            source.Line($"public override object? GetArgument(int index) => {get};");
            using var set = source.Open("public override void SetArgument(int index, object? value)");
            using var choice = source.Open("switch (index)");
            for (var i = 0; i < _method.Parameters.Length; i++)
                source.Line($"case {i}: _a{i} = ({Names.Full(_method.Parameters[i].Type)})value!; break;");
            source.Line("default: base.SetArgument(index, value); break;");
        }

        if (_token < 0) return;
        source.Line($"public override global::System.Threading.CancellationToken GetCancellationToken() => _a{_token};");
        using var setToken = source.Open(
            "protected override bool TrySetCancellationToken(global::System.Threading.CancellationToken token)");
        source.Line($"_a{_token} = token;");
        source.Line("return true;");
    }

    private void EmitWriteArguments(SourceWriter source)
    {
        using var write = source.Open($"public override void WriteArguments(ref {Names.Runtime}WireWriter writer)");
        foreach (var argument in _arguments) argument.EmitWrite(source);
    }

    private void EmitRead(SourceWriter source)
    {
        using var read = source.Open($"private static {Names.Runtime}GrainRequest Read(ref {Names.Runtime}WireReader reader)");
        WireMember.EmitReadLoop(source, _arguments);
        var values = new string[_method.Parameters.Length];
        if (_token >= 0) values[_token] = "default";
        foreach (var argument in _arguments) values[argument.Number - 1] = argument.ReadExpression();
        source.Line($"return new {_name}({string.Join(", ", values)});");
    }

    private void EmitResult(SourceWriter source)
    {
        var type = Names.Full(_result!.Type);
        using (source.Open($"protected override void WriteResult(ref {Names.Runtime}WireWriter writer, {type} result)"))
            _result.EmitWrite(source);
        using (source.Open($"protected override {type} ReadResultValue(ref {Names.Runtime}WireReader reader)"))
        {
            WireMember.EmitReadLoop(source, [_result]);
            source.Line($"return {_result.ReadExpression()};");
        }
    }
}
