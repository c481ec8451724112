namespace Mall;

/// <summary>A business answer of "no": final, caused by nothing broken, and fit for the customer to read.</summary>
/// <param name="Code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="Detail">A sentence for the customer, with the figures.</param>
[GenerateSerializer, Immutable, Alias("mall.Refusal")]
public sealed record Refusal(int Code, string Detail)
{
    /// <summary>It is durable that what was refused never happens: there is nothing to be undone, and no other answer.</summary>
    [Id(2)]
    public bool IsSealed { get; init; }

    /// <summary>With <see cref="ErrorCodes.BadParameter"/>: the field at fault; the detail then completes its sentence.</summary>
    [Id(3)]
    public string? Field { get; init; }
}

/// <summary>A result, whatever its value.</summary>
[Alias("mall.IRefusable")]
public interface IRefusable
{
    /// <summary>Why not; null when there is a value.</summary>
    Refusal? Refusal { get; }
}

/// <summary>A value, or a refusal. Anything else (a timeout, a bug) is an exception, and its outcome is unknown.</summary>
[GenerateSerializer, Immutable, Alias("mall.Result`1")]
public sealed record Result<T>(T? Value, Refusal? Refusal) : IRefusable
{
    /// <summary>True when there is a refusal and no value.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Refusal))]
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(false, nameof(Value))]
    public bool IsRefused => Refusal is not null;

#pragma warning disable CA2225 // the named alternatives are the constructor and Result.Refused
    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Refusal refusal) => new(default, refusal);
#pragma warning restore CA2225
}

public static class Result
{
    /// <summary>For values whose type is an interface, which convert to nothing by themselves.</summary>
    public static Result<T> Of<T>(T value) => new(value, null);

    public static Refusal Refused(int code, string detail) => new(code, detail);

    /// <summary>A parameter that only a grain can judge.</summary>
    /// <param name="detail">Without the field's name, which stands before it, and without a full stop.</param>
    public static Refusal BadField(string field, string detail) => new(ErrorCodes.BadParameter, detail) { Field = field };
}

/// <summary>The value of a result that has nothing to say but "done".</summary>
[GenerateSerializer, Immutable, Alias("mall.Done")]
public sealed record Done
{
    public static Done It { get; } = new();
}

/// <summary>What makes a creating request repeatable: the same user and key always give the same result.</summary>
/// <param name="UserId">Whose key it is; 0 for a request without a user.</param>
/// <param name="Key">1 to 128 visible ASCII characters, chosen by the client.</param>
/// <param name="RequestHash">Of what was asked for; the same key with another hash is refused with 100007.</param>
[GenerateSerializer, Immutable, Alias("mall.Idempotency")]
public sealed record Idempotency(long UserId, string Key, string RequestHash);
