using System.ComponentModel.DataAnnotations;

namespace Mall.Runtime;

/// <summary>What can be set of a silo. The host validates it at start.</summary>
public sealed class SiloOptions
{
    /// <summary>Name of this silo for people. Default: the machine's name.</summary>
    [Required]
    public string SiloName { get; set; } = Environment.MachineName;

    /// <summary>
    /// A call that has not been answered after this ends with a <see cref="TimeoutException"/>, never earlier and up to two
    /// <see cref="SweepPeriod"/>s later. Default 30 s; 10 ms to 1 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>An activation that nobody has called for this long is deactivated. Default 15 min; 1 s to 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How often overdue calls and idle activations are looked for. Default 1 s; 10 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan SweepPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Requests that may wait at one activation; a further one is refused with a <see cref="LimitExceededException"/>. Senders
    /// that race may exceed it by a few. Default 10,000; 1 to 1,000,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MailboxLimit { get; set; } = 10_000;

    /// <summary>Turns that an activation runs before it lets others have the thread. Default 100; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int TurnsPerBatch { get; set; } = 100;

    /// <summary>
    /// What OnActivateAsync may take. Then its token is cancelled, and a second later the activation fails. Default 30 s; 10 ms
    /// to 1 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What the running requests of an activation that is to end may take, and what OnDeactivateAsync may take after them. An
    /// activation that is stuck longer is given up, and its grain may be activated anew while the stuck code still exists.
    /// Default 30 s; 10 ms to 1 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What a drain may take, from the stop of the host to the last OnDeactivateAsync. Default 20 s; 0 to 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Whether this process hosts grains; if not, it is a client of those that do. Default true.</summary>
    public bool HostsGrains { get; set; } = true;

    /// <summary>
    /// Sends local calls as bytes through the transport, too. Slow; for tests that what works in one silo works in several.
    /// Default false.
    /// </summary>
    public bool SerializeLocalCalls { get; set; }
}
