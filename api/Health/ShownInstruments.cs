using System.Diagnostics.Metrics;

namespace Mall.Api.Health;

/// <summary>
/// Which instruments are shown, at <c>/metrics</c> and by OTLP alike: all that are read when somebody asks, and, of those that
/// every event pays for, the ones that operators ask for. Orleans and ASP.NET Core have dozens more, and an order meets them all.
/// </summary>
public static class ShownInstruments
{
    /// <summary>Whether it is one of them.</summary>
    public static bool Include(Instrument instrument) => instrument.IsObservable || instrument.Meter.Name
        is "mall" or "Microsoft.AspNetCore.Hosting" or "Microsoft.AspNetCore.Server.Kestrel" or "System.Runtime" or "Npgsql"
        or "MySqlConnector";
}
