using System.Diagnostics;

namespace Mall.TestServers;

/// <summary>Runs other programs to their end.</summary>
internal static class Tool
{
    public static ProcessStartInfo For(IReadOnlyList<string> commandLine, string? password = null)
    {
        var start = new ProcessStartInfo(commandLine[0], commandLine.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/", // Readable also by the user that a server runs as.
        };
        start.Environment["LC_ALL"] = "C.UTF-8"; // Messages are looked for in English.
        if (password is not null) (start.Environment["PGPASSWORD"], start.Environment["MYSQL_PWD"]) = (password, password);
        return start;
    }

    /// <summary>What it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> commandLine, CancellationToken cancellationToken, string? input = null, string? password = null)
    {
        using var process = Process.Start(For(commandLine, password))!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        if (input is not null) await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode == 0) return (await output).TrimEnd('\n');
        throw new InvalidOperationException($"{commandLine[0]} ended with {process.ExitCode}: {await errors} {await output}");
    }

    /// <summary>Runs it whatever becomes of it.</summary>
    public static async Task TryRunAsync(IReadOnlyList<string> commandLine, string? password = null)
    {
        using var process = Process.Start(For(commandLine, password))!;
        await process.WaitForExitAsync();
    }
}
