using System.Security.Cryptography.X509Certificates;

namespace Mall.Api;

/// <summary>What the front door is told by its host. Everything has a default that suits one machine.</summary>
public sealed class ApiOptions
{
    /// <summary>Where REST listens, HTTP/1.1. Default <c>127.0.0.1:8080</c>; port 0 takes a free one.</summary>
    public ListenAddress Http { get; init; } = new("127.0.0.1", 8080);

    /// <summary>
    /// Where gRPC listens, HTTP/2 with prior knowledge, or with TLS when there is a <see cref="GrpcCertificate"/>. Default
    /// <c>127.0.0.1:8081</c>.
    /// </summary>
    public ListenAddress Grpc { get; init; } = new("127.0.0.1", 8081);

    /// <summary>The certificate of the gRPC address; null (default) for HTTP/2 without TLS.</summary>
    public X509Certificate2? GrpcCertificate { get; init; }

    /// <summary>Signs access tokens; at least 32 characters. Null (default) for the mall's own key from its database.</summary>
    public string? TokenKey { get; init; }

    /// <summary>Origins that browsers may call REST from. Default: none.</summary>
    public IReadOnlyList<string> Cors { get; init; } = [];

    /// <summary>How long an access token is good. Default two hours; half of it has passed at <c>refreshAfter</c>.</summary>
    public TimeSpan AccessLifetime { get; init; } = TimeSpan.FromHours(2);

    /// <summary>How long a refresh token is good. Default 30 days; each new one begins them anew.</summary>
    public TimeSpan RefreshLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Proxies whose <c>X-Forwarded-For</c> counts. Default: none, an address is who connects.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>How a mobile of digits alone is read: two letters. Null (default): as it is.</summary>
    public string? Country { get; init; }

    /// <summary>What links and callbacks begin with, without a slash at the end. Null (default): where REST is bound.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>Payment providers sign with it. Null (default) for the mall's own key from its database.</summary>
    public string? PaymentKey { get; init; }

    /// <summary>Whether the pages of the sandbox, where nobody pays real money, are served. Default: no.</summary>
    public bool ServesSandbox { get; init; }

    /// <summary>A request that waits longer is answered with 100008. Default 25 s, below what proxies usually bear.</summary>
    public TimeSpan WaitLimit { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>The largest request body or gRPC message in bytes. Default 64 KiB: an order of 50 items takes 3.</summary>
    public int MaxRequestBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// Requests worked on at once, health checks and streams not counted; more are refused with 100006 and wait for nothing.
    /// Default 8,192.
    /// </summary>
    public int MaxConcurrentRequests { get; init; } = 8192;

    /// <summary>How long the whole body of a request may take to arrive. Default 10 s.</summary>
    public TimeSpan ArrivalLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bodies that may be under way, those not counted that come with their headers. Default 4,096.</summary>
    public int MaxArrivals { get; init; } = 4096;

    /// <summary>The same from one address. Default 1,024.</summary>
    public int MaxArrivalsPerAddress { get; init; } = 1024;

    /// <summary>
    /// Answers of over 64 KiB, over HTTP/2 of over 1 KiB, that their clients have not read yet, in bytes, and a quarter of it for
    /// one address; more are refused with 100006. Default 256 MiB.
    /// </summary>
    public int MaxUnreadBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>Open gRPC streams; more are refused with 100006. Default 1,024.</summary>
    public int MaxStreams { get; init; } = 1024;

    /// <summary>Passwords hashed at once. Default half of the cores, at least one: sign-ins leave the rest to others.</summary>
    public int MaxConcurrentHashes { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Passwords that may wait for it; more are refused with 100006. Default 128.</summary>
    public int MaxQueuedHashes { get; init; } = 128;

    /// <summary>
    /// How long they may wait; after that they are refused with 100006. Default 15 s: the request has the rest of its time.
    /// </summary>
    public TimeSpan MaxHashWait { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Iterations of PBKDF2 with SHA-512 for new passwords. Default 210,000; lower it in tests only.</summary>
    public int PasswordHashIterations { get; init; } = Credentials.HashIterations;

    /// <summary>Says what is wrong in one line that names the setting, or null.</summary>
    public string? Complaint() => this switch
    {
        { TokenKey.Length: < AccessTokens.MinKeyLength } =>
            $"token-key: must be at least {AccessTokens.MinKeyLength} characters long.",
        { Http: var http, Grpc: var grpc } when http == grpc && http.Port != 0 => $"grpc: {grpc} is the address of http already.",
        { Country: { } country } when !Mobiles.IsCountry(country) => $"country: '{country}' is not two letters such as DE.",
        _ => null,
    };
}
