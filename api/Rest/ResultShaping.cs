namespace Mall.Api.Rest;

/// <summary>Shapes a grain's answer into what clients see.</summary>
internal static class ResultShaping
{
    /// <summary>The value in another shape; a refusal stays what it is.</summary>
    public static Result<TAnswer> As<TValue, TAnswer>(this Result<TValue> result, Func<TValue, TAnswer> shape) =>
        result.IsRefused ? result.Refusal : shape(result.Value);
}
