using Microsoft.Extensions.Logging;

namespace Mall.Runtime;

/// <summary>What membership and failure detection log. Event ids 1201 to 1299.</summary>
internal sealed partial class MembershipLog(ILogger logger)
{
    [LoggerMessage(1201, LogLevel.Information, "This silo is {Self} and has joined the cluster")]
    public partial void Joined(SiloAddress self);

    [LoggerMessage(1202, LogLevel.Information, "View {Version}: {Silos}")]
    public partial void ViewChanged(long version, string silos);

    [LoggerMessage(1203, LogLevel.Information, "{Self} has left the cluster")]
    public partial void Left(SiloAddress self);

    [LoggerMessage(1204, LogLevel.Warning, "The lease of {Self} could not be renewed: {Reason}")]
    public partial void NotRenewed(SiloAddress self, string reason);

    [LoggerMessage(1205, LogLevel.Critical, "{Self} has lost its lease and serves nobody until it is renewed")]
    public partial void Fenced(SiloAddress self);

    [LoggerMessage(1206, LogLevel.Information, "{Self} has its lease again; nobody has taken over meanwhile")]
    public partial void Unfenced(SiloAddress self);

    [LoggerMessage(1207, LogLevel.Critical, "{Self} was declared dead by the others; it drops its grains and joins anew")]
    public partial void DeclaredDead(SiloAddress self);

    [LoggerMessage(1208, LogLevel.Error, "{Self} could not join: {Reason}")]
    public partial void NotJoined(SiloAddress self, string reason);

    [LoggerMessage(1209, LogLevel.Warning, "The membership table cannot be read: {Reason}")]
    public partial void TableSilent(string reason);

    [LoggerMessage(1210, LogLevel.Information, "The membership table can be read again")]
    public partial void TableAnswersAgain();

    [LoggerMessage(1211, LogLevel.Warning, "{Silo} does not answer probes ({Reason})")]
    public partial void Suspected(SiloAddress silo, string reason);

    [LoggerMessage(1212, LogLevel.Information, "{Silo} answers probes again")]
    public partial void Unsuspected(SiloAddress silo);

    [LoggerMessage(1213, LogLevel.Warning, "{Silo} is declared dead by this silo: {Reason}")]
    public partial void DeclaresDead(SiloAddress silo, string reason);

    [LoggerMessage(1214, LogLevel.Error, "{Silo} will not talk to this process: {Reason}")]
    public partial void Misfit(SiloAddress silo, string reason);

    [LoggerMessage(
        1216, LogLevel.Critical, "{Self} is not heard by the others; it drops its grains, and joins anew when it reaches them")]
    public partial void SteppedDown(SiloAddress self);

    [LoggerMessage(
        1215, LogLevel.Warning, "{Self} could not tell that it leaves: {Reason}; the others will find out by its lease")]
    public partial void LeaveFailed(SiloAddress self, string reason);
}
