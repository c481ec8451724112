using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.Serializers;

namespace Mall.Simulation;

/// <summary>Where an activation of a grain is to be.</summary>
internal enum GrainPlace
{
    /// <summary>Where the directory says; wherever there is room when it says nothing.</summary>
    Directory,

    /// <summary>Computed from the key and what the caller knows of the membership; written down nowhere.</summary>
    Computed,

    /// <summary>On the caller's silo, several of them.</summary>
    Worker,
}

/// <summary>A grain class, as its attributes describe it to Orleans.</summary>
internal sealed record GrainKind(
    GrainType Type, GrainPlace Place, bool IsReentrant, ObjectFactory Create);

/// <summary>A grain interface, and how Orleans' generated proxy of it is made.</summary>
internal sealed record GrainInterface(
    GrainInterfaceType Type, GrainKind Kind, Func<GrainReferenceShared, IdSpan, GrainReference> Proxy);

/// <summary>
/// What Orleans has generated for the mall: proxies, requests, serializers. The real ones, made once for all simulated clusters.
/// </summary>
internal static class GrainTypes
{
    private static readonly ServiceProvider s_services = Build();
    private static readonly Dictionary<Type, GrainInterface> s_interfaces = Find();
    private static readonly Dictionary<GrainType, GrainKind> s_kinds =
        s_interfaces.Values.Select(grain => grain.Kind).DistinctBy(kind => kind.Type).ToDictionary(kind => kind.Type);

    private static readonly Serializer s_serializer = s_services.GetRequiredService<Serializer>();

    public static GrainInterface Of(Type grainInterface) => s_interfaces[grainInterface];

    public static GrainKind Of(GrainId grain) => s_kinds[grain.Type];

    public static GrainReferenceShared Shared(GrainInterface grain, IGrainReferenceRuntime runtime) => new(
        grain.Kind.Type, grain.Type, 0, runtime, InvokeMethodOptions.None, s_services.GetRequiredService<CodecProvider>(),
        s_services.GetRequiredService<CopyContextPool>(), s_services);

    public static byte[] Write(object body) => s_serializer.SerializeToArray(body);

    public static object Read(byte[] body) => s_serializer.Deserialize<object>(body)!;

    private static ServiceProvider Build()
    {
        var services = new ServiceCollection();
        services.AddSerializer(orleans => orleans
            .AddAssembly(typeof(Grain).Assembly)
            .AddAssembly(typeof(GrainReference).Assembly)
            .AddAssembly(typeof(Products.IProductGrain).Assembly)
            .AddAssembly(typeof(Products.ProductGrain).Assembly));
        services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Mall"));
        return services.BuildServiceProvider();
    }

    private static Dictionary<Type, GrainInterface> Find()
    {
        var manifest = s_services.GetRequiredService<IOptions<TypeManifestOptions>>().Value;
        var classes = typeof(Products.ProductGrain).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(Grain)))
            .ToDictionary(type => type, KindOf);
        var found = new Dictionary<Type, GrainInterface>();
        foreach (var proxy in manifest.InterfaceProxies)
        {
            var face = proxy.GetInterfaces().Where(i => i.IsAssignableTo(typeof(IGrain))).MaxBy(i => i.GetInterfaces().Length);
            var kinds = classes.Where(c => face is not null && c.Key.IsAssignableTo(face)).Select(c => c.Value).ToArray();
            if (kinds is [var kind]) found.Add(face!, new(GrainInterfaceType.Create(face!.Name), kind, ProxyMaker(proxy)));
        }

        return found;
    }

    private static GrainKind KindOf(Type type)
    {
        var place = type.IsDefined(typeof(StatelessWorkerAttribute)) ? GrainPlace.Worker
            : type.IsDefined(typeof(GrainDirectoryAttribute)) ? GrainPlace.Computed
            : GrainPlace.Directory;
        var name = type.Name.Replace("Grain", "", StringComparison.Ordinal).ToLowerInvariant();
        return new(
            GrainType.Create(name), place, type.IsDefined(typeof(ReentrantAttribute)),
            ActivatorUtilities.CreateFactory(type, []));
    }

    // Its constructor is not public, and is called for each reference.
    private static Func<GrainReferenceShared, IdSpan, GrainReference> ProxyMaker(Type proxy)
    {
        var constructor = proxy.GetConstructor(
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic,
            [typeof(GrainReferenceShared), typeof(IdSpan)])!;
        var method = new DynamicMethod(
            proxy.Name, typeof(GrainReference), [typeof(GrainReferenceShared), typeof(IdSpan)], proxy, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Newobj, constructor);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<GrainReferenceShared, IdSpan, GrainReference>>();
    }
}
