namespace Mall.Users;

/// <summary>
/// Counts the failed sign-ins that come from one address, which is the key, so that guessing a password takes years. It knows
/// accounts only together with its address: nobody locks another out.
/// </summary>
[Alias("mall.ISignInGuardGrain")]
public interface ISignInGuardGrain : IGrainWithStringKey
{
    /// <summary>Whether a password for this account may be judged now.</summary>
    /// <param name="mobile">As it is stored.</param>
    /// <param name="counts">It is about to be, and counts as failed until it is forgiven.</param>
    /// <returns>Null when it may; else how long to wait.</returns>
    [Alias("Admit")]
    Task<TimeSpan?> Admit(string mobile, bool counts);

    /// <summary>It was the right one: it does not count.</summary>
    [Alias("Forgive")]
    Task<Done> Forgive(string mobile);
}
