namespace Mall.Settings;

/// <summary>The key that signs access tokens, made on first use and kept in the database. Key 0.</summary>
[Alias("mall.ITokenKeyGrain")]
public interface ITokenKeyGrain : IGrainWithIntegerKey
{
    /// <returns>32 random bytes.</returns>
    [Alias("Get"), ReadOnly]
    Task<ImmutableArray<byte>> Get();
}
