namespace Mall.Api.Rpc;

/// <summary>What the handlers of gRPC need to know of a call, and how they answer.</summary>
internal static class RpcCalls
{
    public static Caller Caller(this ServerCallContext call) => call.GetHttpContext().Features.GetRequiredFeature<Caller>();

    public static Patience Patience(this ServerCallContext call) => Calls.Patience.Of(call.GetHttpContext());

    /// <summary>The metadata <c>idempotency-key</c>, under the same rules as the REST header.</summary>
    public static string? IdempotencyKey(this ServerCallContext call) => call.GetHttpContext().IdempotencyKey();

    /// <summary>The value; a refusal ends the call with its status.</summary>
    public static T OrRefuse<T>(this Result<T> result, ServerCallContext call) => result.IsRefused
        ? throw Problem.Of(result.Refusal).ToRpcException(TraceIds.Of(call.GetHttpContext()))
        : result.Value;

    /// <summary>An empty text field counts as absent, as empty query values do in REST.</summary>
    public static string? OrAbsent(this string text) => text.Length == 0 ? null : text;
}
