namespace Mall.Runtime;

/// <summary>Registers timers on a grain. Call from the grain's own code.</summary>
public static class GrainTimerExtensions
{
    /// <summary>
    /// Registers a timer; see <see cref="GrainTimerCreationOptions"/>. The callback runs as a turn of the grain.
    /// </summary>
    /// <param name="grain">The grain.</param>
    /// <param name="callback">What a tick does. Its token is cancelled when the timer is disposed or the activation ends.</param>
    /// <param name="options">When it ticks.</param>
    public static IGrainTimer RegisterGrainTimer(
        this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) =>
        grain.RegisterGrainTimer(static (action, token) => action(token), callback, options);

    /// <summary>Registers a timer with a state for its callback.</summary>
    /// <inheritdoc cref="RegisterGrainTimer(IGrainBase, Func{CancellationToken, Task}, GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer<TState>(
        this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(grain);
        ArgumentNullException.ThrowIfNull(callback);
        var activation = (Activation)grain.GrainContext;
        var timer = new GrainTimer<TState>(activation, callback, state, options);
        activation.Add(timer);
        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    /// <summary>Registers a timer by its times alone.</summary>
    /// <inheritdoc cref="RegisterGrainTimer(IGrainBase, Func{CancellationToken, Task}, GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer(
        this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime, TimeSpan period) =>
        grain.RegisterGrainTimer(callback, new GrainTimerCreationOptions(dueTime, period));

    /// <summary>Registers a timer with a state for its callback, by its times alone.</summary>
    /// <inheritdoc cref="RegisterGrainTimer(IGrainBase, Func{CancellationToken, Task}, GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer<TState>(
        this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, TimeSpan dueTime, TimeSpan period) =>
        grain.RegisterGrainTimer(callback, state, new GrainTimerCreationOptions(dueTime, period));
}
