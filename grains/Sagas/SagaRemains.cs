namespace Mall.Sagas;

/// <summary>What a saga whose own row has been cleaned up has left behind.</summary>
/// <param name="Intent">As it was begun.</param>
/// <param name="IsSameRequest">Whether this is what the repeat asks for; else its key was used for something else.</param>
/// <param name="Refusal">Why it failed; null when it succeeded.</param>
public sealed record SagaRemains<TIntent>(TIntent Intent, bool IsSameRequest, Refusal? Refusal);
