using System.Globalization;
using System.Text.Json;

namespace Mall.Transactions;

/// <summary>One op of one branch, and what is known of it.</summary>
internal sealed class TransactionOp(int number, string branchId, string op, string target, byte[] payload)
{
    /// <summary>Its place among the transaction's ops, from 0.</summary>
    public int Number => number;

    public string BranchId => branchId;
    public string Op => op;
    public string Target => target;
    public byte[] Payload => payload;

    /// <summary>prepared, succeed or failed.</summary>
    public string Status { get; set; } = BranchStatus.Prepared;

    public string? Error { get; set; }
    public DateTimeOffset? CreatedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>A client has registered it: else the intent tells what it is.</summary>
    public bool IsRegistered { get; init; }

    /// <summary>It has a row.</summary>
    public bool IsNoted { get; set; }

    /// <summary>It was called, or may have been by whoever drove the transaction before.</summary>
    public bool IsStarted { get; set; }

    public bool IsOpen => Status == BranchStatus.Prepared;
    public bool IsDone => Status == BranchStatus.Succeed;
    public bool HasFailed => Status == SagaStatus.Failed;

    public TransactionBranchState View() => new(
        new TransactionBranch(BranchId, Op, Target, Payload, Status), Status, Error, CreatedAt, EndedAt);
}

/// <summary>A transaction as one activation knows it: its row, what its client wants, and how far its branches are.</summary>
internal sealed class Transaction
{
    /// <summary>A saga with a retry limit is repeated so often without a pause: a vast limit is no busy loop.</summary>
    public const int MostAtOnce = 100;

    private bool _knowsStarted; // What had been called when it began to abort was written down.

    public Transaction(TransactionRecord row, TransactionIntent intent, IReadOnlyList<TransactionBranchRow> noted)
    {
        (Row, Intent, Kind) = (row, intent, TransactionKind.Of(row.Kind));
        Ops = [.. Kind.Plan(intent)];
        foreach (var branch in noted) Note(branch);
        if (_knowsStarted) return;
        foreach (var op in Kind.MayBeStarted(this)) op.IsStarted = true;
    }

    public TransactionRecord Row { get; set; }
    public TransactionIntent Intent { get; }
    public TransactionKind Kind { get; }

    /// <summary>In their order: planned by the intent, and then those that were registered.</summary>
    public List<TransactionOp> Ops { get; }

    /// <summary>What a workflow returned.</summary>
    public string? Result { get; private set; }

    /// <summary>When it may be called, by what its client said when it submitted what it had prepared; null: nothing.</summary>
    public DateTimeOffset? DelayedTo { get; set; }

    public string Gid => Row.Gid;
    public string Status => Row.Status;
    public bool HasEnded => SagaStatus.HasEnded(Status);

    /// <summary>After so many repeats in vain it aborts; 0: never, as it is now.</summary>
    public int RetryLimit => this is { Status: SagaStatus.Submitted, Kind: SagaTransactions } ? Intent.Options.RetryLimit : 0;

    public static async Task<Transaction?> ReadAsync(GrainLedger ledger, string gid)
    {
        if (await ledger.FindAsync(TransactionRows.ByGid, gid) is not { } row) return null;
        return new Transaction(row, IntentOf(row.Payload), await ledger.QueryAsync(TransactionRows.BranchesOf, gid));
    }

    /// <exception cref="JsonException">It was written by a version that knew more.</exception>
    public static TransactionIntent IntentOf(string payload) =>
        JsonSerializer.Deserialize(payload, TransactionJson.Default.TransactionIntent)
        ?? throw new InvalidDataException("The payload of a transaction is null.");

    public static string PayloadOf(TransactionIntent intent) =>
        JsonSerializer.Serialize(intent, TransactionJson.Default.TransactionIntent);

    /// <summary>When it is too late for it to succeed, if that has a time.</summary>
    public DateTimeOffset? Deadline(TransactionSettings settings) =>
        (Intent.Options.TimeoutToFail ?? (Kind.HasDefaultTimeout ? settings.TimeoutToFail : null)) is { } timeout
            ? Row.CreateTime + timeout
            : null;

    /// <summary>How long to wait after so many attempts in vain: it doubles, up to the longest.</summary>
    public TimeSpan Interval(int attempts, TransactionSettings settings)
    {
        var first = Intent.Options.RetryInterval
            ?? (Intent.Options.TimeoutToFail is { } timeout && timeout < settings.Retry ? timeout : settings.Retry);
        return Backoff.After(RetryLimit > 0 ? attempts / MostAtOnce : attempts, first, settings.LongestRetry);
    }

    public TransactionView View(TransactionSettings settings) => new(
        Gid, Intent, Status, Row.Reason, Result, Interval(Row.Attempts, settings), Row.NextTime, Row.CreateTime, Row.UpdateTime,
        Row.FinishTime, [.. Ops.Select(op => op.View())]);

    private void Note(TransactionBranchRow row)
    {
        switch (row)
        {
            case { BranchId: TransactionRows.NoBranch, Op: TransactionRows.ResultOp }:
                Result = row.Target;
                return;
            case { BranchId: TransactionRows.NoBranch, Op: TransactionRows.DelayOp }:
                DelayedTo = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(row.Target, CultureInfo.InvariantCulture));
                return;
            case { BranchId: TransactionRows.NoBranch, Op: TransactionRows.StartedOp } when Kind is SagaTransactions:
                _knowsStarted = true;
                foreach (var number in row.Target.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    Ops[int.Parse(number, CultureInfo.InvariantCulture)].IsStarted = true;
                return;
        }

        var op = Ops.Find(known => known.BranchId == row.BranchId && known.Op == row.Op);
        if (op is null)
        {
            op = new TransactionOp(row.Number, row.BranchId, row.Op, row.Target, Convert.FromBase64String(row.Payload))
            {
                IsRegistered = true,
            };
            Ops.Add(op);
        }

        (op.Status, op.Error, op.CreatedAt, op.IsNoted) = (row.Status, row.Error, row.CreateTime, true);
        op.EndedAt = op.IsOpen ? null : row.UpdateTime;
    }
}

/// <summary>How an intent is written into <c>sagas.payload</c>, and an alert into <c>due.payload</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TransactionIntent))]
[JsonSerializable(typeof(TransactionAlert))]
[JsonSerializable(typeof(List<SubscriberRow>))]
internal sealed partial class TransactionJson : JsonSerializerContext;
