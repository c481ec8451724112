namespace Mall.Runtime;

/// <summary>Why an activation ends.</summary>
/// <param name="reasonCode">For code.</param>
/// <param name="exception">What went wrong, if something did.</param>
/// <param name="description">For people.</param>
public readonly struct DeactivationReason(DeactivationReasonCode reasonCode, Exception? exception, string description)
{
    /// <summary>A reason without an exception.</summary>
    public DeactivationReason(DeactivationReasonCode reasonCode, string description) : this(reasonCode, null, description) { }

    /// <summary>For code.</summary>
    public DeactivationReasonCode ReasonCode { get; } = reasonCode;

    /// <summary>What went wrong, if something did.</summary>
    public Exception? Exception { get; } = exception;

    /// <summary>For people.</summary>
    public string Description { get; } = description;

    /// <inheritdoc/>
    public override string ToString() =>
        Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description} {Exception.Message}";
}
