using System.Diagnostics;
using Mall.Bench.Measuring;
using Spectre.Console;

namespace Mall.Bench.Reporting;

/// <summary>
/// Shows what is going on while it goes on, on the error stream, so that standard output holds nothing but the report. Into a
/// file or a pipe it says one line a phase.
/// </summary>
sealed class ProgressDisplay(IAnsiConsole console)
{
    static readonly TimeSpan s_refresh = TimeSpan.FromMilliseconds(250);

    /// <summary>On the error stream of this process.</summary>
    public static ProgressDisplay OnStandardError() => new(AnsiConsole.Create(
        new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            Interactive = Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        }));

    /// <summary>Says one line that stays.</summary>
    public void Say(string line) => console.WriteLine(line);

    /// <summary>Shows a phase until it has ended; throws what its callers threw.</summary>
    public async Task ShowAsync(string name, TimeSpan duration, IReadOnlyList<Caller> callers, Task ended)
    {
        if (!console.Profile.Capabilities.Interactive)
        {
            console.WriteLine($"{name}, {duration.TotalSeconds:0.#} s");
            await ended;
            return;
        }

        await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(context => FollowAsync(context.AddTask(Markup.Escape(name)), name, duration, callers, ended));
        await ended;
    }

    static async Task FollowAsync(ProgressTask task, string name, TimeSpan duration, IReadOnlyList<Caller> callers, Task ended)
    {
        task.MaxValue = Math.Max(1, duration.TotalMilliseconds);
        var start = Stopwatch.GetTimestamp();
        var (lastSuccesses, lastTime) = (0L, start);
        while (!ended.IsCompleted)
        {
            await Task.WhenAny(ended, Task.Delay(s_refresh));
            var now = Stopwatch.GetTimestamp();
            var successes = callers.Sum(c => c.Successes);
            var perSecond = (successes - lastSuccesses) / Stopwatch.GetElapsedTime(lastTime, now).TotalSeconds;
            (lastSuccesses, lastTime) = (successes, now);
            task.Value = Math.Min(task.MaxValue, Stopwatch.GetElapsedTime(start, now).TotalMilliseconds);
            var errors = callers.Sum(c => c.Errors);
            task.Description = Markup.Escape($"{name}  {perSecond:N0}/s  {successes:N0} done")
                + (errors > 0 ? $"  [red]{errors:N0} errors[/]" : "");
        }
    }
}
