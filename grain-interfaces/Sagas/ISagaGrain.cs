namespace Mall.Sagas;

/// <summary>What every saga answers to, whatever it does. The key is the gid.</summary>
[Alias("mall.ISagaGrain")]
public interface ISagaGrain : IGrainWithStringKey
{
    /// <summary>Goes on where the saga stood, when it is due or after a restart; harmless when it runs or has ended.</summary>
    [Alias("Resume"), AlwaysInterleave]
    Task Resume();

    /// <summary>An operator's wish: try again now, also when the saga was parked. Refused with 600001 or 600002.</summary>
    [Alias("Retry"), AlwaysInterleave]
    Task<Result<Done>> Retry();

    /// <summary>An operator's wish: compensate a saga that has not ended. Refused with 600001 or 600002.</summary>
    [Alias("Abort"), AlwaysInterleave]
    Task<Result<Done>> Abort();
}
