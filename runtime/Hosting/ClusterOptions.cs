using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography.X509Certificates;

namespace Mall.Runtime;

/// <summary>What can be set of a cluster and of this process's place in it. The host validates it at start.</summary>
public sealed class ClusterOptions
{
    /// <summary>Where this silo listens and where others find it, <c>host:port</c>. A client has none. Default: empty.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>
    /// Processes with different ids refuse each other, so that two clusters cannot be mixed up. Default <c>mall</c>.
    /// </summary>
    [Required, StringLength(128)]
    public string ClusterId { get; set; } = "mall";

    /// <summary>
    /// What all processes of the cluster know and nobody else does; proven at each connection and never sent. Default: empty,
    /// which is fit for loopback only.
    /// </summary>
    [StringLength(1024)]
    public string Secret { get; set; } = "";

    /// <summary>
    /// The certificate, with its private key, that every process of the cluster shows and expects. Default: none, connections
    /// without TLS.
    /// </summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>
    /// For how long a silo may serve without having told the membership table that it lives; others take over when it has run
    /// out. Renewed every third of it. Default 6 s; 0.3 s to 5 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.300", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>How often the membership table is read without a hint. Default 1 s; 50 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ReadPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often the other silos are probed, and connections that are idle say that they live. Default 1 s; 50 ms to 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ProbePeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What a connection may take until both sides have proven who they are. Default 2 s; 50 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A connection on which nothing has been heard for this long, though it was asked for a sign of life, is given up.
    /// Default: half of the lease.
    /// </summary>
    public TimeSpan SilenceLimit => Lease / 2;

    /// <summary>
    /// The longest frame, bytes: bounds what a peer can make this process allocate. Default 4 MiB; 4 KiB to 1 GiB.
    /// </summary>
    [Range(4 * 1024, 1 << 30)]
    public int MaxFrameBytes { get; set; } = 4 << 20;

    /// <summary>
    /// Frames that may wait for one destination; a further request is refused with a <see cref="LimitExceededException"/>.
    /// Answers may be twice as many, then the connection is given up. Default 50,000; 16 to 10 million.
    /// </summary>
    [Range(16, 10_000_000)]
    public int MaxQueuedFrames { get; set; } = 50_000;

    /// <summary>
    /// The same in bytes. What waits has not been written yet, so its size is taken to be the mean of what was written last.
    /// Default 64 MiB; 64 KiB to 16 GiB.
    /// </summary>
    [Range(64L * 1024, 16L << 30)]
    public long MaxQueuedBytes { get; set; } = 64L << 20;
}
