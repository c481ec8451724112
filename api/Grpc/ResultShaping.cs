namespace Mall.Api.Grpc;

/// <summary>Shapes a grain's answer into a message.</summary>
internal static class ResultShaping
{
    /// <summary>The value as a message; a refusal stays what it is.</summary>
    public static Result<TMessage> As<TValue, TMessage>(this Result<TValue> result, Func<TValue, TMessage> shape) =>
        result.IsRefused ? result.Refusal : shape(result.Value);

    /// <summary>An empty text field counts as absent, as empty query values do in REST.</summary>
    public static string? OrAbsent(this string text) => text.Length == 0 ? null : text;
}
