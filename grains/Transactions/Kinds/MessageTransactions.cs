using System.Globalization;

namespace Mall.Transactions;

/// <summary>
/// Actions that all happen, once the client has submitted, or says when asked that it meant to: a failure is asked again like
/// everything else.
/// </summary>
internal sealed class MessageTransactions : TransactionKind
{
    public override IEnumerable<TransactionOp> Plan(TransactionIntent intent)
    {
        var number = 0;
        foreach (var (i, step) in intent.Steps.Index())
        {
            var id = (i + 1).ToString("00", CultureInfo.InvariantCulture);
            var targets = step.Subscribers ?? [step.Action];
            foreach (var (j, target) in targets.Index())
            {
                yield return new TransactionOp(
                    number++, targets.Length == 1 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}-{j + 1:00}"),
                    SagaTransactions.Action, target, step.Payload);
            }
        }
    }

    public override IEnumerable<TransactionOp> Ready(Transaction transaction)
    {
        if (transaction.Status != SagaStatus.Submitted) return [];
        var open = transaction.Ops.Where(op => op.IsOpen);
        return transaction.Intent.IsConcurrent ? open : open.Take(1);
    }

    public override string? Reached(Transaction transaction) =>
        transaction.Status == SagaStatus.Submitted && transaction.Ops.TrueForAll(op => op.IsDone) ? SagaStatus.Succeed : null;

    public override DateTimeOffset? NotBefore(Transaction transaction) =>
        transaction.Status != SagaStatus.Submitted ? null
        : transaction.DelayedTo is { } time ? time
        : transaction.Intent.Delay > TimeSpan.Zero ? transaction.Row.CreateTime + transaction.Intent.Delay
        : null;

    public override TransactionOp? Question(Transaction transaction, bool isLate) =>
        isLate && transaction.Status == SagaStatus.Prepared
            ? new TransactionOp(0, "00", TransactionTypes.Message, transaction.Intent.QueryPrepared, [])
            : null;

    public override string? Answered(BranchOutcome outcome) => outcome switch
    {
        BranchOutcome.Success => SagaStatus.Submitted,
        BranchOutcome.Failure => SagaStatus.Failed,
        _ => null,
    };
}
