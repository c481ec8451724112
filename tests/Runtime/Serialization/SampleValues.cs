using System.Collections;
using System.Collections.Immutable;
using System.Reflection;

namespace Mall.Runtime.Tests.Serialization;

/// <summary>
/// Makes values of any type that can be sent, drawn from a seed: edge cases more often than chance would, collections of few
/// elements, nulls where the type allows them.
/// </summary>
public sealed class SampleValues(int seed, IReadOnlyDictionary<Type, WireSerializer> messages)
{
    private const int MaxDepth = 4;

    private readonly Random _random = new(seed);
    private readonly NullabilityInfoContext _nullability = new();

    /// <summary>A value of the type; never null.</summary>
    public object Of(Type type) => Make(type, 0);

    private object Make(Type type, int depth)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return Make(inner, depth);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(_random.Next(Enum.GetValues(type).Length))!;
        if (Simple(type) is { } simple) return simple;
        if (type.IsArray) return MakeArray(type.GetElementType()!, depth);
        if (type.IsGenericType && MakeCollection(type, depth) is { } collection) return collection;
        return MakeMessage(type, depth);
    }

    private object? MakeOrNull(Type type, bool mayBeNull, int depth) =>
        mayBeNull && (depth > MaxDepth || _random.Next(4) == 0) ? null : Make(type, depth);

    private object? Simple(Type type)
    {
        var bits = _random.Next(3) == 0 ? (long)_random.Next(-2, 3) : _random.NextInt64(long.MinValue, long.MaxValue);
        var ticks = Math.Abs(bits % DateTime.MaxValue.Ticks);
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => bits % 2 == 0,
            TypeCode.Byte => (byte)bits,
            TypeCode.SByte => (sbyte)bits,
            TypeCode.Int16 => (short)bits,
            TypeCode.UInt16 => (ushort)bits,
            TypeCode.Int32 => (int)bits,
            TypeCode.UInt32 => (uint)bits,
            TypeCode.Int64 => bits,
            TypeCode.UInt64 => (ulong)bits,
            TypeCode.Char => (char)bits,
            TypeCode.Single => BitConverter.Int32BitsToSingle((int)bits),
            TypeCode.Double => BitConverter.Int64BitsToDouble(bits),
            TypeCode.Decimal => new decimal((int)bits, (int)(bits >> 32), (int)(bits >> 16), bits < 0, (byte)_random.Next(29)),
            TypeCode.String => Text(),
            TypeCode.DateTime => new DateTime(ticks, (DateTimeKind)_random.Next(3)),
            _ when type == typeof(DateTimeOffset) =>
                new DateTimeOffset(ticks / 2 + (DateTime.MaxValue.Ticks / 4), TimeSpan.FromMinutes(_random.Next(-840, 841))),
            _ when type == typeof(TimeSpan) => new TimeSpan(bits),
            _ when type == typeof(DateOnly) => DateOnly.FromDayNumber(_random.Next(DateOnly.MaxValue.DayNumber + 1)),
            _ when type == typeof(TimeOnly) => new TimeOnly(ticks % TimeOnly.MaxValue.Ticks),
            _ when type == typeof(Guid) => MakeGuid(),
            _ when type == typeof(Uri) => new Uri($"https://example.org/{_random.Next()}?q={Uri.EscapeDataString(Text())}"),
            _ => null,
        };
    }

    private Guid MakeGuid()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private string Text() => _random.Next(5) switch
    {
        0 => "",
        1 => "Käse \0 \u4e2d\u6587 \U0001F600",
        2 => new string('x', _random.Next(300)),
        _ => $"text {_random.Next()}",
    };

    private Array MakeArray(Type element, int depth)
    {
        var array = Array.CreateInstance(element, depth > MaxDepth ? 0 : _random.Next(4));
        for (var i = 0; i < array.Length; i++)
            array.SetValue(MakeOrNull(element, Nullable.GetUnderlyingType(element) is not null, depth + 1), i);
        return array;
    }

    private object? MakeCollection(Type type, int depth)
    {
        var arguments = type.GetGenericArguments();
        if (type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal))
            return Activator.CreateInstance(type, [.. arguments.Select(a => MakeOrNull(a, !a.IsValueType, depth + 1))]);
        if (arguments.Length == 2 && type.GetGenericTypeDefinition() is var dictionary
            && (dictionary == typeof(ImmutableDictionary<,>) || dictionary == typeof(IReadOnlyDictionary<,>)))
            return MakeDictionary(arguments, depth);
        var factory = type.GetGenericTypeDefinition() switch
        {
            var t when t == typeof(ImmutableArray<>) || t == typeof(IReadOnlyList<>) || t == typeof(IReadOnlyCollection<>) =>
                typeof(ImmutableArray),
            var t when t == typeof(ImmutableList<>) => typeof(ImmutableList),
            var t when t == typeof(ImmutableHashSet<>) => typeof(ImmutableHashSet),
            _ => null,
        };
        return factory?.GetMethods()
            .First(m => m.Name == "CreateRange" && m.GetParameters().Length == 1
                && m.GetParameters()[0].ParameterType.Name == "IEnumerable`1")
            .MakeGenericMethod(arguments).Invoke(null, [MakeArray(arguments[0], depth)]);
    }

    private object MakeDictionary(Type[] arguments, int depth)
    {
        var entries = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(arguments))!;
        for (var i = depth > MaxDepth ? 0 : _random.Next(4); i > 0; i--)
            entries[Make(arguments[0], depth + 1)] = MakeOrNull(arguments[1], !arguments[1].IsValueType, depth + 1);
        return typeof(ImmutableDictionary).GetMethods()
            .First(m => m.Name == "CreateRange" && m.GetParameters().Length == 1)
            .MakeGenericMethod(arguments).Invoke(null, [entries])!;
    }

    private object MakeMessage(Type type, int depth)
    {
        if (type.IsAbstract)
        {
            var heirs = messages.Keys.Where(t => !t.IsAbstract && t.IsAssignableTo(type))
                .OrderBy(t => t.FullName, StringComparer.Ordinal).ToArray();
            return MakeMessage(heirs[_random.Next(heirs.Length)], depth);
        }

        var constructor = type.GetConstructors()
            .Where(c => c.GetParameters().Length != 1 || c.GetParameters()[0].ParameterType != type)
            .OrderByDescending(c => c.GetParameters().Length).FirstOrDefault();
        var message = constructor is null
            ? Activator.CreateInstance(type)!
            : constructor.Invoke([.. constructor.GetParameters().Select(MakeArgument)]);
        foreach (var property in type.GetProperties().Where(p => p.IsDefined(typeof(IdAttribute)) && p.SetMethod is not null))
            property.SetValue(message,
                MakeOrNull(property.PropertyType, IsNullable(_nullability.Create(property), property.PropertyType), depth + 1));
        return message;

        object? MakeArgument(ParameterInfo parameter) =>
            MakeOrNull(parameter.ParameterType, IsNullable(_nullability.Create(parameter), parameter.ParameterType), depth + 1);
    }

    private static bool IsNullable(NullabilityInfo info, Type type) =>
        Nullable.GetUnderlyingType(type) is not null || (!type.IsValueType && info.WriteState == NullabilityState.Nullable);
}
