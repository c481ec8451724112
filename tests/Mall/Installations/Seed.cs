using System.Globalization;

namespace Mall.Tests.Installations;

/// <summary>Where a test takes its dice from: <c>MALL_TEST_SEED</c> repeats a run, else every run is another.</summary>
public static class Seed
{
    /// <summary>The seed of this run.</summary>
    public static int Take() =>
        int.TryParse(Environment.GetEnvironmentVariable("MALL_TEST_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given
            : Random.Shared.Next();
}
