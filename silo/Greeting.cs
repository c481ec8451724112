using Mall.Api.Auth;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Mall.Silo;

/// <summary>What a newcomer reads first.</summary>
internal static class Greeting
{
    public static void Print(WebApplication mall)
    {
        var settings = mall.Services.GetRequiredService<MallSettings>();
        if (!settings.Roles.HasFlag(Roles.Api))
        {
            Console.WriteLine($"A silo of the mall is up.\n  silo   {settings.Cluster!.Silo}\n  data   {settings.Db}");
            return;
        }

        // The addresses as bound: the settings may have asked for any free port. REST is bound first.
        var bound = mall.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        const string account = """{"mobile":"13800000001","password":"correct horse"}""";
        Console.WriteLine(
            $"""
            Mall is open.
              REST   {bound[0]}   (described at {bound[0]}/openapi/v1.json)
              gRPC   {bound[1]}
              data   {Data(settings.Db)}
            {Entrance(mall, settings, bound[0])}Try:
              curl -s {bound[0]}/v1/users -H 'Content-Type: application/json' -d '{account}'
            """);
    }

    /// <summary>A relative file depends on the folder that one starts in: whoever looks for it is told all of the path.</summary>
    internal static string Data(StoreAddress db) =>
        db.Kind == StoreKind.Sqlite && !db.IsInMemory ? $"sqlite:{Path.GetFullPath(db.Path)}" : db.ToString();

    /// <summary>A mall on one machine lets whoever has started it look at everything, by a link that is good once.</summary>
    private static string Entrance(WebApplication mall, MallSettings settings, string address)
    {
        if (settings.Db.Kind != StoreKind.Sqlite || !new Uri(address).IsLoopback) return "";
        return $"""
              dashboard  {address}{mall.Services.GetRequiredService<DashboardEntrance>().MakeLink()}   (good once)

            """;
    }
}
