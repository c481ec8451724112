using Google.Protobuf.Reflection;
using Mall.Api.Grpc.Reflection.V1;
using Asked = Mall.Api.Grpc.Reflection.V1.ServerReflectionRequest.MessageRequestOneofCase;

namespace Mall.Api.Grpc.Reflection;

/// <summary>
/// gRPC: server reflection, version 1 and the older v1alpha, which differ in nothing but the package's name: both are served by
/// one handler with one set of messages.
/// </summary>
internal sealed class ReflectionRpcs(DescriptorIndex index)
{
    private const string Method = "ServerReflectionInfo";

    public IEnumerable<RpcService> Services =>
    [
        new RpcService(ReflectionReflection.Descriptor.Services[0])
            .Duplex<ServerReflectionRequest, ServerReflectionResponse>(Method, Access.Open, Answer),
        new RpcService(V1Alpha.ReflectionReflection.Descriptor.Services[0])
            .Duplex<ServerReflectionRequest, ServerReflectionResponse>(Method, Access.Open, Answer, sameOnTheWire: true),
    ];

    private async Task Answer(
        RpcCall call,
        Caller caller,
        RequestStream<ServerReflectionRequest> requests,
        ResponseStream<ServerReflectionResponse> responses)
    {
        while (await requests.Next(call.Cancellation) is { } request)
            await responses.Write(Answer(request), call.Cancellation);
    }

    private ServerReflectionResponse Answer(ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case Asked.ListServices:
                var services = index.ServiceNames.Select(name => new ServiceResponse { Name = name });
                response.ListServicesResponse = new() { Service = { services } };
                break;
            case Asked.FileByFilename:
                AnswerFile(response, index.FileNamed(request.FileByFilename));
                break;
            case Asked.FileContainingSymbol:
                AnswerFile(response, index.FileDeclaring(request.FileContainingSymbol));
                break;
            case Asked.AllExtensionNumbersOfType when index.HasMessage(request.AllExtensionNumbersOfType):
                response.AllExtensionNumbersResponse = new() { BaseTypeName = request.AllExtensionNumbersOfType };
                break;
            case Asked.None:
                response.ErrorResponse = Error(GrpcStatus.InvalidArgument, "The request asks for nothing.");
                break;
            default: // There are no extensions here, and of unknown types nothing is known.
                AnswerFile(response, null);
                break;
        }

        return response;
    }

    private static void AnswerFile(ServerReflectionResponse response, FileDescriptor? file)
    {
        if (file is null)
        {
            response.ErrorResponse = Error(GrpcStatus.NotFound, "There is nothing of that name.");
            return;
        }

        response.FileDescriptorResponse = new() { FileDescriptorProto = { DescriptorIndex.WithImports(file) } };
    }

    private static ErrorResponse Error(GrpcStatus status, string message) =>
        new() { ErrorCode = (int)status, ErrorMessage = message };
}
