using Google.Protobuf;
using Grpc.Core.Interceptors;

namespace Mall.Api.Rpc;

/// <summary>
/// The edge of every gRPC handler: whatever it throws leaves as a status with the mall's code, and a stream that is ended says
/// why.
/// </summary>
internal sealed class RpcErrors(ILogger<RpcErrors> log) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            var answer = await continuation(request, context);
            if (answer is IMessage message) LargeAnswers.Admit(context.GetHttpContext(), message.CalculateSize());
            return answer;
        }
        catch (Exception exception) when (IsToBeMapped(exception, context))
        {
            throw Map(exception, context);
        }
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        Stream(context, () => continuation(request, responseStream, context));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        Stream(context, () => continuation(requestStream, responseStream, context));

    private async Task Stream(ServerCallContext context, Func<Task> handler)
    {
        try
        {
            await handler();
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            // The call has ended, and whatever the handler met then (a cancellation, a stream that takes no more) comes of that.
            // Below it is said why.
        }
        catch (Exception exception) when (IsToBeMapped(exception, context))
        {
            throw Map(exception, context);
        }

        if (context.GetHttpContext().Features.Get<StreamEnd>()?.Reason is { } reason)
            throw Map(reason, context);
    }

    private static bool IsToBeMapped(Exception exception, ServerCallContext context) =>
        exception is not RpcException && !exception.MeansClientHasGone(context.GetHttpContext());

    private RpcException Map(Exception exception, ServerCallContext context)
    {
        var traceId = TraceIds.Of(context.GetHttpContext());
        return exception.ToProblem(log, traceId).ToRpcException(traceId);
    }
}
