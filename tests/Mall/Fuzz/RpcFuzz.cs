using System.Collections;
using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Health.V1;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;

namespace Mall.Tests.Fuzz;

/// <summary>Calls that the descriptors describe, bent a little.</summary>
internal sealed class RpcFuzz(WholeMall mall, Cast cast)
{
    private static readonly MethodDescriptor[] s_methods =
    [
        .. from file in (FileDescriptor[])
               [
                   V1.UsersReflection.Descriptor, V1.ProductsReflection.Descriptor, V1.OrdersReflection.Descriptor,
                   V1.PaymentsReflection.Descriptor, V1.SagasReflection.Descriptor, HealthReflection.Descriptor,
               ]
           from service in file.Services
           from method in service.Methods
           select method,
    ];

    private static readonly string[] s_timeouts =
        ["5S", "0S", "1n", "20m", "1200H", "99999999H", "-1S", "5", "S", "999999999S", " 5S"];

    public (string Name, Task<RawAnswer> Answer) Next(Random random)
    {
        var method = random.Of(s_methods);
        var path = $"/{method.Service.FullName}/{method.Name}";
        if (random.Once(60)) path += random.Of(["x", "/", "%41", "?a=b"]);
        var body = RawCall.Frame(Make(random, method.InputType, 0));
        if (random.Once(4)) body = random.Bend(body);
        if (random.Once(60)) body = [.. body, .. body];

        var metadata = new List<(string, string)>();
        const string key = "idempotency-key";
        if (random.Once(3)) metadata.Add((key, random.Once(3) ? random.Header() : cast.Value(random, key)));
        if (method.IsServerStreaming) metadata.Add(("grpc-timeout", "20m"));
        else if (random.Once(5)) metadata.Add(("grpc-timeout", random.Of(s_timeouts)));
        if (random.Once(40)) metadata.Add(("Content-Type", random.Of(["application/grpc+proto", "application/json"])));
        if (random.Once(40)) metadata.Add((random.Of(["grpc-encoding", "traceparent", "te", "x-bin"]), random.Header()));
        return (path, mall.CallAsync(path, body, cast.Token(random, !random.Once(4)), [.. metadata]));
    }

    private IMessage Make(Random random, MessageDescriptor type, int depth)
    {
        var message = type.Parser.ParseFrom([]);
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            if (random.Once(5)) continue;
            if (!field.IsRepeated)
            {
                if (Value(random, field, depth) is { } value) field.Accessor.SetValue(message, value);
                continue;
            }

            var times = random.Of([0, 1, 1, 1, 2, 50, 51]);
            if (field.IsMap)
            {
                var map = (IDictionary)field.Accessor.GetValue(message);
                var value = field.MessageType.FindFieldByName("value");
                for (; times > 0; times--)
                    if (Value(random, value, depth) is { } put) map[random.Text()] = put;
                continue;
            }

            var list = (IList)field.Accessor.GetValue(message);
            for (; times > 0; times--)
                if (Value(random, field, depth) is { } item) list.Add(item);
        }

        return message;
    }

    private object? Value(Random random, FieldDescriptor field, int depth)
    {
        var number = random.Once(6) || !long.TryParse(cast.Value(random, field.Name), CultureInfo.InvariantCulture, out var good)
            ? random.Number() : good;
        return field.FieldType switch
        {
            FieldType.String => random.Once(6) ? random.Text() : cast.Value(random, field.Name),
            FieldType.Int64 => number,
            FieldType.Int32 => (int)number,
            FieldType.Bool => random.Once(2),
            FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, (int)number),
            FieldType.Bytes => ByteString.CopyFrom(random.Bend([1, 2, 3])),
            FieldType.Message when depth < 3 => Make(random, field.MessageType, depth + 1),
            _ => null,
        };
    }
}
