using Mall.Api.Auth;
using Mall.Orders;
using Mall.Silo.Payments;
using Mall.Sagas;
using Mall.Silo.Observability;
using Mall.Silo.Webhooks;
using Mall.Webhooks;
using Mall.Silo.Transactions;
using Orleans.Dashboard;

namespace Mall.Silo;

/// <summary>
/// Puts a whole mall together: ledger, runtime, grains, front door. Stops in the opposite order, so that what is answered last is
/// committed before the database closes.
/// </summary>
public static class MallHost
{
    /// <param name="args">Settings as on the command line; see <see cref="SettingNames"/>.</param>
    /// <param name="configure">Changes to the services, for tests and drills.</param>
    /// <exception cref="SettingsException">A setting cannot be used; the message is one line that names it.</exception>
    public static WebApplication Build(IReadOnlyList<string> args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Mall" });
        builder.Configuration.AddMallSettings(args);
        var settings = MallSettings.From(builder.Configuration);
        builder.Services.AddSingleton(settings);

        builder.AddLog(settings.Telemetry);
        builder.AddTelemetry(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        if (settings.Roles.HasFlag(Roles.Silo)) AddGrains(builder.Services, settings);
        builder.AddOrleans(settings);
        if (settings.Roles.HasFlag(Roles.Api)) AddFrontDoor(builder, settings);
        else builder.AddBackDoor(settings);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
        configure?.Invoke(builder);

        var mall = builder.Build();
        if (settings.Roles.HasFlag(Roles.Api))
        {
            IEndpointConventionBuilder orleans = mall.MapMallApi().MapOrleansDashboard("/dashboard/orleans");
            orleans.RequireAuthorization(Policies.Operator).Finally(InNoFrame);
        }
        else
        {
            mall.MapBackDoor();
        }

        return mall;
    }

    /// <summary>Like the mall's own pages.</summary>
    private static void InNoFrame(EndpointBuilder page)
    {
        var serve = page.RequestDelegate!;
        page.RequestDelegate = http =>
        {
            http.Response.Headers.ContentSecurityPolicy = "frame-ancestors 'none'";
            return serve(http);
        };
    }

    private static void AddGrains(IServiceCollection services, MallSettings settings)
    {
        services.AddMallLedger(new LedgerOptions { Address = settings.Db });
        services.AddSingleton<IWebhookClient, HttpWebhookClient>();
        services.AddMallGrains(
            new OrderOptions { CloseAfter = settings.OrderCloseAfter }, new SagaOptions(),
            jitterSeed: RandomNumberGenerator.GetInt32(int.MaxValue));
        services.AddTransactions(settings.Dtm);
        services.AddPaymentProvider(settings.Payments);
    }

    private static void AddFrontDoor(WebApplicationBuilder builder, MallSettings settings)
    {
        var options = new ApiOptions
        {
            Http = settings.Http, Grpc = settings.Grpc, GrpcCertificate = settings.GrpcCertificate, TokenKey = settings.TokenKey,
            TrustedProxies = settings.TrustedProxies, Country = settings.Country, Cors = settings.Cors,
            AccessLifetime = settings.AccessLifetime, RefreshLifetime = settings.RefreshLifetime,
            PublicUrl = settings.PublicUrl, PaymentKey = settings.Payments.Key, ServesSandbox = settings.Payments.IsSandbox,
        };
        if (options.Complaint() is { } complaint) throw new SettingsException(complaint);
        FreeAddress.Require(SettingNames.Http, settings.Http);
        FreeAddress.Require(SettingNames.Grpc, settings.Grpc);
        FreeAddress.Require(SettingNames.Dtm, settings.Dtm.Http);
        FreeAddress.Require(SettingNames.DtmGrpc, settings.Dtm.Grpc);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenForMall(options));
        builder.Services.AddMallApi(options).AddSingleton<IClusterStatus, OrleansClusterStatus>();
        if (settings.Dtm.IsDoor) builder.Services.AddTransactionDoor(settings.Dtm);
    }
}
