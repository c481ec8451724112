namespace Mall;

/// <summary>
/// A grain's write found that another activation, or nobody, owns its row by now. Nothing was written, the grain has given
/// itself up; the same call reaches the present owner. Clients see 100005.
/// </summary>
[GenerateSerializer, Alias("mall.StaleActivation")]
public sealed class StaleActivationException : Exception
{
    public StaleActivationException() : this("Another activation owns the row.") { }

    public StaleActivationException(string message) : base(message) { }

    public StaleActivationException(string message, Exception innerException) : base(message, innerException) { }
}
