using Microsoft.Extensions.Logging;

namespace Mall.Runtime;

/// <summary>What the transport logs. Event ids 1101 to 1199.</summary>
internal sealed partial class TransportLog(ILogger logger)
{
    [LoggerMessage(1101, LogLevel.Information, "Listens for silos and clients at {Endpoint}")]
    public partial void Listens(string endpoint);

    [LoggerMessage(1102, LogLevel.Information, "Connected to {Peer}")]
    public partial void Connected(SiloAddress peer);

    [LoggerMessage(1103, LogLevel.Warning, "The connection to {Peer} is lost: {Reason}")]
    public partial void Lost(SiloAddress peer, string reason);

    [LoggerMessage(1104, LogLevel.Warning, "No connection to {Peer}: {Reason}")]
    public partial void NoConnection(SiloAddress peer, string reason);

    [LoggerMessage(1105, LogLevel.Error, "{Peer} refuses this process ({Refusal}): {Reason}")]
    public partial void Refused(SiloAddress peer, Refusal refusal, string reason);

    [LoggerMessage(1106, LogLevel.Error, "A process that wanted to connect was refused ({Refusal}): {Reason}")]
    public partial void RefusedCaller(Refusal refusal, string reason);

    [LoggerMessage(1111, LogLevel.Information, "A connection has come to nothing ({Refusal}): {Reason}")]
    public partial void CallerFailed(Refusal refusal, string reason);

    [LoggerMessage(1107, LogLevel.Error, "A frame from {Peer} is malformed, the connection ends: {Reason}")]
    public partial void BadFrame(SiloAddress peer, string reason);

    [LoggerMessage(1108, LogLevel.Information, "{Peer} has connected")]
    public partial void Accepted(SiloAddress peer);

    [LoggerMessage(1109, LogLevel.Information, "The connection from {Peer} has ended: {Reason}")]
    public partial void AcceptedEnded(SiloAddress peer, string reason);

    [LoggerMessage(1110, LogLevel.Error, "Connections cannot be accepted at the moment: {Reason}")]
    public partial void AcceptFailed(string reason);
}
