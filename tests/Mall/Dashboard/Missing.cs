namespace Mall.Tests.Dashboard;

/// <summary>What a test says of a program that this machine does not have.</summary>
internal static class Missing
{
    /// <summary>Null: it is there; else why the test is skipped.</summary>
    /// <param name="name">As <c>MALL_TEST_REQUIRE</c> calls it.</param>
    /// <param name="path">Where it would be.</param>
    /// <param name="package">Debian's.</param>
    /// <exception cref="InvalidOperationException">It is missing and required.</exception>
    public static string? Of(string name, string path, string package)
    {
        if (File.Exists(path)) return null;
        var reason = $"{name} is not installed: apt-get install {package}";
        return Environment.GetEnvironmentVariable("MALL_TEST_REQUIRE")?.Split(',').Contains(name) == true
            ? throw new InvalidOperationException($"{reason} (MALL_TEST_REQUIRE names it)")
            : reason;
    }
}
