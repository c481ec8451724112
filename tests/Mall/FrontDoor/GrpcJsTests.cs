using System.Diagnostics;

namespace Mall.Tests.FrontDoor;

/// <summary>
/// A client of another maker: @grpc/grpc-js, driven by <c>grpc-js/check.mjs</c>. Needs Node.js and <c>npm install</c> in that
/// folder; without them the test is skipped, unless <c>MALL_TEST_REQUIRE</c> names grpc-js.
/// </summary>
[Collection(nameof(FrontDoorMall))]
public sealed class GrpcJsTests(FrontDoorMall door)
{
    [Fact]
    public async Task GrpcJs_CallsStreamsReflectsAndIsRefusedAsItExpects()
    {
        var root = Root();
        var folder = Path.Combine(root, "tests", "Mall", "FrontDoor", "grpc-js");
        if (Missing(folder) is { } missing)
        {
            Assert.False(IsRequired, missing);
            Assert.Skip(missing);
        }

        string[] arguments = ["check.mjs", door.Mall.Grpc.Authority, $"{door.Mall.Http}", Path.Combine(root, "api", "proto")];
        var start = new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(node.ExitCode == 0, $"{output}{await errors}");
        Assert.Equal(16, output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
        Assert.Empty(door.Mall.Log.Errors);
    }

    private static bool IsRequired =>
        Environment.GetEnvironmentVariable("MALL_TEST_REQUIRE")?.Split(',').Contains("grpc-js") == true;

    private static string? Missing(string folder)
    {
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            return "Needs 'npm install' in tests/Mall/FrontDoor/grpc-js.";
        var paths = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        return paths.Any(path => File.Exists(Path.Combine(path, "node"))) ? null : "Needs Node.js.";
    }

    internal static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Mall.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No Mall.sln above the tests.");
        return folder;
    }
}
