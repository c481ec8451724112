using System.Diagnostics.Metrics;

namespace Mall.Api.Health;

/// <summary>
/// Which instruments are shown, at <c>/metrics</c> and by OTLP alike: those that are read when somebody asks, and, of those that
/// every event pays for, the ones that operators ask for. Orleans and ASP.NET Core have dozens more, and an order meets them all.
/// </summary>
public static class ShownInstruments
{
    /// <summary>To tell it Orleans counts its whole cache.</summary>
    private const string SlowlyRead = "orleans-directory-cache-size";

    /// <summary>Whether it is one of them.</summary>
    public static bool Include(Instrument instrument) => instrument.IsObservable
        ? instrument.Name != SlowlyRead
        : instrument.Name is "http.server.request.duration" || instrument.Meter.Name
            is "mall" or "Microsoft.AspNetCore.Server.Kestrel" or "System.Runtime" or "Npgsql" or "MySqlConnector";
}
