using Google.Protobuf;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Mall.Api.Grpc.Reflection;

/// <summary>Finds the .proto files behind names, for clients that were compiled without them.</summary>
internal sealed class DescriptorIndex
{
    private readonly Dictionary<string, FileDescriptor> _byName = [];
    private readonly Dictionary<string, FileDescriptor> _bySymbol = [];

    public DescriptorIndex(IEnumerable<ServiceDescriptor> services)
    {
        foreach (var service in services)
        {
            ServiceNames.Add(service.FullName);
            Add(service.File);
        }
    }

    /// <summary>The full names of the services.</summary>
    public List<string> ServiceNames { get; } = [];

    public FileDescriptor? FileNamed(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The file that declares a service, method, message, field or enum, by its full name.</summary>
    public FileDescriptor? FileDeclaring(string symbol) => _bySymbol.GetValueOrDefault(symbol);

    /// <summary>Whether there is such a message.</summary>
    public bool HasMessage(string name) =>
        FileDeclaring(name) is { } file && Flatten(file.MessageTypes).Any(message => message.FullName == name);

    /// <summary>A file and all that it imports, each once, serialized.</summary>
    public static IEnumerable<ByteString> WithImports(FileDescriptor file)
    {
        var seen = new HashSet<string>();
        var waiting = new Queue<FileDescriptor>([file]);
        while (waiting.TryDequeue(out var next))
        {
            if (!seen.Add(next.Name))
                continue;
            yield return next.SerializedData;
            foreach (var import in next.Dependencies)
                waiting.Enqueue(import);
        }
    }

    private void Add(FileDescriptor file)
    {
        if (!_byName.TryAdd(file.Name, file))
            return;
        foreach (var symbol in SymbolsOf(file))
            _bySymbol[symbol.FullName] = file;
        foreach (var import in file.Dependencies)
            Add(import);
    }

    private static IEnumerable<IDescriptor> SymbolsOf(FileDescriptor file) =>
    [
        .. file.Services,
        .. file.Services.SelectMany(service => service.Methods),
        .. file.EnumTypes,
        .. Flatten(file.MessageTypes),
        .. Flatten(file.MessageTypes).SelectMany(message => message.EnumTypes),
        .. Flatten(file.MessageTypes).SelectMany(message => message.Fields.InDeclarationOrder()),
    ];

    private static IEnumerable<MessageDescriptor> Flatten(IEnumerable<MessageDescriptor> messages) =>
        messages.SelectMany(message => Flatten(message.NestedTypes).Prepend(message));
}
