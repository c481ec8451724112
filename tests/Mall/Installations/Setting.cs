using System.Globalization;

namespace Mall.Tests.Installations;

/// <summary>What a run is told by its environment: how long, how often, which dice.</summary>
public static class Setting
{
    /// <summary>A number of this variable; where it is not given, another one.</summary>
    public static int Of(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var given) && given > 0
            ? given
            : otherwise;

    /// <summary>Where a test takes its dice from: <c>MALL_TEST_SEED</c> repeats a run, else every run is another.</summary>
    public static int Seed() => Of("MALL_TEST_SEED", Random.Shared.Next(1, int.MaxValue));
}
