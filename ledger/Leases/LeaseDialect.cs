using System.Data.Common;

namespace Mall.Ledger.Leases;

/// <summary>What a database calls things, as far as leases need it.</summary>
internal abstract class LeaseDialect : IDisposable
{
    /// <summary>Where database calls are made: on a thread that may be blocked, if the driver blocks.</summary>
    public virtual TaskScheduler Scheduler => TaskScheduler.Default;

    /// <summary>The database's clock in Unix milliseconds, as an expression.</summary>
    public abstract string Now { get; }

    /// <summary>A new session, whose commands give up after <see cref="LeaseOptions.CommandTimeout"/>.</summary>
    public abstract Task<DbConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Whether an exception is the server's or the network's doing.</summary>
    public abstract bool IsFailure(Exception failure);

    /// <summary>One line for an operator, without a full stop.</summary>
    public abstract string Describe(Exception failure);

    public abstract void Dispose();
}
