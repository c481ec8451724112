using System.Reflection;

namespace Mall.Runtime;

/// <summary>Finds the manifests of all assemblies that a process is made of. Once, at start.</summary>
internal static class LoadedManifests
{
    /// <summary>
    /// Reads the manifests of the entry assembly, of all assemblies that are loaded, and of all that these refer to.
    /// </summary>
    public static TypeManifestBuilder Read()
    {
        var builder = new TypeManifestBuilder();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies());
        if (Assembly.GetEntryAssembly() is { } entry) open.Enqueue(entry);
        while (open.TryDequeue(out var assembly))
        {
            if (assembly.IsDynamic || !seen.Add(assembly.FullName!)) continue;
            if (assembly.GetCustomAttribute<TypeManifestAttribute>() is { } attribute)
                ((TypeManifest)Activator.CreateInstance(attribute.ManifestType)!).Describe(builder);
            foreach (var name in assembly.GetReferencedAssemblies().Where(n => !IsOfFramework(n) && !seen.Contains(n.FullName)))
            {
                if (TryLoad(name) is { } referenced) open.Enqueue(referenced);
            }
        }

        return builder;
    }

    private static bool IsOfFramework(AssemblyName name) =>
        name.Name is null or "netstandard" or "mscorlib"
        || name.Name.StartsWith("System", StringComparison.Ordinal)
        || name.Name.StartsWith("Microsoft.", StringComparison.Ordinal);

    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (IOException)
        {
            return null; // An optional dependency that is not deployed holds no grains.
        }
    }
}
