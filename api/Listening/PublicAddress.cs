using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Mall.Api.Listening;

/// <summary>Where the world reaches this front door: as configured, or where REST is bound, whatever port that has got.</summary>
internal sealed class PublicAddress(ApiOptions options, IServer server)
{
    /// <summary>Without a slash at its end.</summary>
    public string Url => options.PublicUrl
        ?? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
        ?? $"http://{options.Http}";
}
