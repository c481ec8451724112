namespace Mall.Runtime;

/// <summary>Runs once when the silo has started, before the host's own services behind it start.</summary>
public interface IStartupTask
{
    /// <summary>May call grains. What it throws fails the start.</summary>
    Task Execute(CancellationToken cancellationToken);
}
