namespace Mall.Api.Auth;

/// <summary>
/// Hashes and verifies passwords: PBKDF2 with SHA-512 and a salt of their own (ASP.NET Core Identity's format). One takes a good
/// part of a second of a core, so only a few run at once, only so many may wait, and only so long: a flood of sign-ins is refused
/// with 100006 and slows nobody who is signed in.
/// </summary>
internal sealed class Passwords : IDisposable
{
    private const int FingerprintBytes = 32;

    private static readonly object s_nobody = new();

    private readonly PasswordHasher<object> _hasher;
    private readonly ConcurrencyLimiter _places;
    private readonly string _decoy;
    private readonly int _iterations;
    private readonly TimeSpan _maxWait;
    private readonly TimeProvider _clock;

    public Passwords(ApiOptions options, TimeProvider? clock = null)
    {
        (_maxWait, _clock) = (options.MaxHashWait, clock ?? TimeProvider.System);
        _iterations = options.PasswordHashIterations;
        _hasher = Credentials.Hasher(_iterations);
        _decoy = _hasher.HashPassword(s_nobody, "nobody's password");
        _places = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = options.MaxConcurrentHashes,
            QueueLimit = options.MaxQueuedHashes,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>A salted hash, different each time.</summary>
    public Task<string> Hash(string password, CancellationToken cancellationToken) =>
        Work(() => _hasher.HashPassword(s_nobody, Credentials.Composed(password)), cancellationToken);

    /// <summary>
    /// Whether the password belongs to the hash. Without a hash (nobody has this mobile) the answer is no after the same work, so
    /// that the time it takes tells nobody which mobiles are registered.
    /// </summary>
    /// <param name="admit">Called when its turn has come; throws when it is not to be judged.</param>
    public Task<bool> Verify(string? hash, string password, Func<Task> admit, CancellationToken cancellationToken) => Work(
        () => _hasher.VerifyHashedPassword(s_nobody, hash ?? _decoy, Credentials.Composed(password))
            is not PasswordVerificationResult.Failed && hash is not null,
        cancellationToken, admit);

    /// <summary>
    /// A hash that is the same for the same password and purpose, as slow as any other: by it a repeated registration is compared
    /// with its first, and whoever reads it in the database learns no more than from the password's own hash.
    /// </summary>
    /// <param name="purpose">The salt; unique to the request.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<string> Fingerprint(string password, string purpose, CancellationToken cancellationToken) => Work(
        () => Convert.ToHexStringLower(Rfc2898DeriveBytes.Pbkdf2(
            Credentials.Composed(password), SHA256.HashData(Encoding.UTF8.GetBytes(purpose)), _iterations,
            HashAlgorithmName.SHA512, FingerprintBytes)),
        cancellationToken);

    public void Dispose() => _places.Dispose();

    private async Task<T> Work<T>(Func<T> hashing, CancellationToken cancellationToken, Func<Task>? admit = null)
    {
        using var place = await Acquire(cancellationToken);
        if (!place.IsAcquired)
            throw new ProblemException(ProblemMapping.TooManyRequests);
        if (admit is not null)
            await admit();
        return await Task.Run(hashing, cancellationToken);
    }

    private async ValueTask<RateLimitLease> Acquire(CancellationToken cancellationToken)
    {
        var free = _places.AttemptAcquire();
        if (free.IsAcquired) return free;
        using var late = new CancellationTokenSource(_maxWait, _clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await _places.AcquireAsync(1, end.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return free;
        }
    }
}
