using Mall.Payments;
using Mall.Silo.Settings;

namespace Mall.Silo.Payments;

/// <summary>Adds the provider that is configured; none when none is.</summary>
internal static class PaymentServices
{
    public static void AddPaymentProvider(this IServiceCollection services, PaymentSettings settings)
    {
        services.AddSingleton(all => new ProviderKey(settings.Key, all.GetRequiredService<IGrainFactory>()));
        if (settings.IsSandbox) services.AddSingleton<IPaymentProvider, SandboxProvider>();
        if (settings.Webhook is not { } url) return;
        services.AddSingleton<IPaymentProvider>(all => new WebhookProvider(
            url, all.GetRequiredService<ProviderKey>(), all.GetRequiredService<TimeProvider>()));
    }
}

/// <summary>The key of payments: the configured one, or the mall's own.</summary>
internal sealed class ProviderKey(string? configured, IGrainFactory grains)
{
    private string? _key = configured;

    public async ValueTask<string> GetAsync() => _key ??= await grains.GetGrain<IPaymentKeyGrain>(0).Get();
}
