using System.Collections.Immutable;

namespace Mall.Runtime.Tests.Serialization;

[GenerateSerializer]
public enum Colour : byte
{
    Red,
    Green,
}

[GenerateSerializer, Immutable, Alias("line")]
public sealed record Line(long ProductId, int Quantity, string Name, string? Note);

[GenerateSerializer, Immutable]
public readonly record struct Money(long Minor, string? Currency);

[GenerateSerializer, Immutable]
public sealed record Result<T>(T? Value, int Code, string? Reason)
{
    [Id(0)]
    public ImmutableArray<T> All { get; init; } = [];
}

[GenerateSerializer, Immutable]
public abstract record Event(long Id);

[GenerateSerializer, Immutable]
public sealed record Paid(long Id, DateTimeOffset At) : Event(Id);

[GenerateSerializer, Immutable]
public sealed record Closed(long Id, Colour Colour) : Event(Id);

[GenerateSerializer, Immutable]
public sealed record Tree(string Name, ImmutableArray<Tree> Children, Tree? Other);

[GenerateSerializer, Immutable]
public sealed record Wrapper(Line Inner);

[GenerateSerializer, Immutable]
public sealed record Everything(
    bool A, byte B, sbyte C, short D, ushort E, int F, uint G, long H, ulong I, char J, float K, double L, decimal M, string N,
    DateTime O, DateTimeOffset P, TimeSpan Q, Guid R, DateOnly S, TimeOnly T, Uri U)
{
    [Id(0)]
    public ImmutableArray<byte> Bytes { get; init; } = [];

    [Id(1)]
    public IReadOnlyList<Line> Lines { get; init; } = [];

    [Id(2)]
    public ImmutableDictionary<string, Line?> ByName { get; init; } = ImmutableDictionary<string, Line?>.Empty;

    [Id(3)]
    public int? MaybeNumber { get; init; }

    [Id(4)]
    public Colour? MaybeColour { get; init; }

    [Id(5)]
    public ImmutableArray<int?> Holes { get; init; } = [];

    [Id(6)]
    public Event? Event { get; init; }

    [Id(7)]
    public Money Money { get; init; }

    [Id(8)]
    public Result<Line>? Result { get; init; }

    [Id(9)]
    public ImmutableArray<Event> Events { get; init; } = [];

    [Id(10)]
    public Tree? Tree { get; init; }

    [Id(11)]
    public (long, string?) Pair { get; init; }

    [Id(12)]
    public IReadOnlyDictionary<Guid, Money> Prices { get; init; } = ImmutableDictionary<Guid, Money>.Empty;

    [Id(13)]
    public string? MaybeText { get; init; }
}

public interface ISampleBase : IGrainWithStringKey
{
    [AlwaysInterleave]
    Task<Result<Line>> Find(string name, Colour? colour, CancellationToken cancellationToken);

    Task<int?> Maybe(int? value);

    Task<Line?> Maybe(Line? value);
}

public interface ISampleGrain : ISampleBase
{
    [ReadOnly]
    ValueTask<Everything> Echo(Everything everything);

    [OneWay]
    Task Tell(IReadOnlyList<Event> events);

    ValueTask Touch(Guid id, ImmutableArray<Result<int>> results);
}
