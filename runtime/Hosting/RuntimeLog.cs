using Microsoft.Extensions.Logging;

namespace Mall.Runtime;

/// <summary>What the runtime logs. Event ids 1001 to 1099.</summary>
internal sealed partial class RuntimeLog(ILogger logger)
{
    [LoggerMessage(1001, LogLevel.Information, "Silo {Silo} serves {GrainClasses} grain classes")]
    public partial void Started(SiloAddress silo, int grainClasses);

    [LoggerMessage(1002, LogLevel.Information, "Silo {Silo} drains: no calls from outside are taken any more")]
    public partial void Draining(SiloAddress silo);

    [LoggerMessage(1003, LogLevel.Information, "Silo {Silo} has drained")]
    public partial void Drained(SiloAddress silo);

    [LoggerMessage(1004, LogLevel.Warning, "Silo {Silo} stops with {Activations} activations that had no time to end")]
    public partial void DrainCutShort(SiloAddress silo, int activations);

    [LoggerMessage(1010, LogLevel.Error, "A turn of {GrainId} has thrown where nobody awaits it")]
    public partial void TurnFailed(Exception exception, GrainId grainId);

    [LoggerMessage(1011, LogLevel.Warning, "{GrainId} could not be activated")]
    public partial void ActivationFailed(Exception exception, GrainId grainId);

    [LoggerMessage(1012, LogLevel.Error, "OnDeactivateAsync of {GrainId} has thrown; the activation ends all the same")]
    public partial void DeactivationHookFailed(Exception exception, GrainId grainId);

    [LoggerMessage(1013, LogLevel.Error, "{GrainId} is stuck in stage {Stage} with {Running} running requests")]
    public partial void TransitionOverdue(GrainId grainId, Stage stage, int running);

    [LoggerMessage(1014, LogLevel.Error, "One-way call {Method} of {GrainId} has failed")]
    public partial void OneWayFailed(Exception exception, GrainMethod method, GrainId grainId);

    [LoggerMessage(1015, LogLevel.Error, "A timer of {GrainId} has thrown; it goes on")]
    public partial void TimerFailed(Exception exception, GrainId grainId);

    [LoggerMessage(1016, LogLevel.Error, "A sweep has failed; the next one goes on")]
    public partial void SweepFailed(Exception exception);
}
