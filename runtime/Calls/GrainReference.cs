namespace Mall.Runtime;

/// <summary>
/// A reference to a grain. The generator derives one class from it for each grain interface. Two references to the same grain are
/// equal. It remembers the activation it reached last, so a reference that is kept saves a lookup per call; an activation that
/// has ended is small (its instance is gone), so remembering it wastes little.
/// </summary>
public class GrainReference : IAddressable, IEquatable<GrainReference>
{
    private readonly GrainId _grainId;

    /// <summary>Only generated code and the runtime make references.</summary>
    protected internal GrainReference(SiloRuntime runtime, in GrainId grainId)
    {
        Runtime = runtime;
        _grainId = grainId;
    }

    /// <summary>Which grain it refers to.</summary>
    public GrainId GrainId => _grainId;

    internal ref readonly GrainId GrainIdRef => ref _grainId;

    internal SiloRuntime Runtime { get; }

    /// <summary>
    /// The activation that took the last call, perhaps ended by now. Written by any thread: every value is a good hint.
    /// </summary>
    internal Activation? LastActivation;

    /// <inheritdoc/>
    public bool Equals(GrainReference? other) => other is not null && _grainId.Equals(other._grainId);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    /// <inheritdoc/>
    public override int GetHashCode() => _grainId.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"reference to {_grainId}";

    /// <summary>Calls the grain. The task ends when the grain has answered, or after the response timeout.</summary>
    protected Task<TResult> Call<TResult>(GrainRequest<TResult> request) => request.Send(this);

    /// <summary>Calls the grain with a token that, when it is cancelled, ends the call and cancels the callee's token.</summary>
    protected Task<TResult> Call<TResult>(GrainRequest<TResult> request, CancellationToken cancellationToken) =>
        request.Send(this, cancellationToken);

    /// <summary>Hands the request over and does not wait for its end.</summary>
    protected Task Notify<TResult>(GrainRequest<TResult> request) => request.SendOneWay(this);
}
