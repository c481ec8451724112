using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.Serializers;

namespace Mall.Simulation;

/// <summary>Where an activation of a grain is to be: where the directory says, or wherever there is room when it says nothing;
/// where its key and what the caller knows of the membership say, written down nowhere; on the caller's silo, whoever that
/// is.</summary>
internal enum GrainPlace { Registered, Computed, Here }

internal sealed record GrainKind(GrainType Type, GrainPlace Place, bool IsReentrant, ObjectFactory Create);

/// <summary>What Orleans has generated for the mall: proxies, requests, serializers. The real ones, made once for all simulated
/// clusters.</summary>
internal static class GrainTypes
{
    private static readonly ServiceProvider s_services = Build();
    private static readonly Dictionary<Type, (GrainKind Kind, ConstructorInvoker Proxy)> s_interfaces = Find();
    private static readonly Dictionary<GrainType, GrainKind> s_kinds =
        s_interfaces.Values.Select(grain => grain.Kind).DistinctBy(kind => kind.Type).ToDictionary(kind => kind.Type);

    private static readonly Serializer s_serializer = s_services.GetRequiredService<Serializer>();

    public static GrainKind Of(GrainId grain) => s_kinds[grain.Type];

    public static Func<IdSpan, object> Factory(Type face, IGrainReferenceRuntime runtime)
    {
        var (kind, proxy) = s_interfaces[face];
        var shared = new GrainReferenceShared(
            kind.Type, GrainInterfaceType.Create(face.Name), 0, runtime, InvokeMethodOptions.None,
            s_services.GetRequiredService<CodecProvider>(), s_services.GetRequiredService<CopyContextPool>(), s_services);
        return key => proxy.Invoke(shared, key);
    }

    public static byte[] Write(object body) => s_serializer.SerializeToArray(body);
    public static object Read(byte[] body) => s_serializer.Deserialize<object>(body)!;

    private static ServiceProvider Build()
    {
        Type[] parts = [typeof(Grain), typeof(GrainReference), typeof(IProductGrain), typeof(ProductGrain)];
        return new ServiceCollection()
            .AddSerializer(orleans => Array.ForEach(parts, part => orleans.AddAssembly(part.Assembly)))
            .Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Mall"))
            .BuildServiceProvider();
    }

    private static Dictionary<Type, (GrainKind, ConstructorInvoker)> Find()
    {
        var kinds = typeof(ProductGrain).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(Grain)))
            .Select(type => (Type: type, Kind: KindOf(type))).ToArray();
        return (
            from proxy in s_services.GetRequiredService<IOptions<TypeManifestOptions>>().Value.InterfaceProxies
            let face = proxy.GetInterfaces().Where(i => i.IsAssignableTo(typeof(IGrain))).MaxBy(i => i.GetInterfaces().Length)
            where face is not null
            let classes = kinds.Where(grain => grain.Type.IsAssignableTo(face)).ToArray()
            where classes.Length == 1
            let maker = proxy.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Single()
            select (face, (classes[0].Kind, ConstructorInvoker.Create(maker)))).ToDictionary();
    }

    private static GrainKind KindOf(Type type) => new(
        GrainType.Create(type.Name.Replace("Grain", "", StringComparison.Ordinal).ToLowerInvariant()),
        type.IsDefined(typeof(StatelessWorkerAttribute)) ? GrainPlace.Here
            : type.IsDefined(typeof(GrainDirectoryAttribute)) ? GrainPlace.Computed : GrainPlace.Registered,
        type.IsDefined(typeof(ReentrantAttribute)),
        ActivatorUtilities.CreateFactory(type, []));
}
