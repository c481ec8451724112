using System.Globalization;

namespace Mall.Transactions;

/// <summary>
/// Actions one after the other, or concurrently after given predecessors; a failed one has all that may have been started
/// compensated, each after those that came behind it.
/// </summary>
internal sealed class SagaTransactions : TransactionKind
{
    public const string Action = "action";
    private const string Compensate = "compensate";

    public override bool HasDefaultTimeout => false;

    // As DTM lists them: each step's compensation, and then its action.
    public override IEnumerable<TransactionOp> Plan(TransactionIntent intent)
    {
        foreach (var (i, step) in intent.Steps.Index())
        {
            var id = (i + 1).ToString("00", CultureInfo.InvariantCulture);
            yield return new TransactionOp(2 * i, id, Compensate, step.Compensate, step.Payload);
            yield return new TransactionOp((2 * i) + 1, id, Action, step.Action, step.Payload);
        }
    }

    public override bool Believes(TransactionOp op) => op.Op == Action;

    public override string? Expired(string status) => status == SagaStatus.Submitted ? SagaStatus.Aborting : null;

    public override IEnumerable<TransactionOp> Ready(Transaction transaction)
    {
        var steps = Enumerable.Range(0, transaction.Intent.Steps.Length);
        return transaction.Status switch
        {
            SagaStatus.Submitted when !steps.Any(i => ActionOf(transaction, i).HasFailed) => MayBeStarted(transaction),
            SagaStatus.Aborting => steps.Reverse()
                .Where(i => !IsUndone(transaction, i) && Followers(transaction, i).All(next => IsUndone(transaction, next)))
                .Select(i => CompensationOf(transaction, i)),
            _ => [],
        };
    }

    public override IEnumerable<TransactionOp> MayBeStarted(Transaction transaction) =>
        Enumerable.Range(0, transaction.Intent.Steps.Length).Where(i => IsNext(transaction, i))
            .Select(i => ActionOf(transaction, i));

    public override string? Reached(Transaction transaction)
    {
        var steps = Enumerable.Range(0, transaction.Intent.Steps.Length);
        return transaction.Status switch
        {
            SagaStatus.Submitted when steps.All(i => ActionOf(transaction, i).IsDone) => SagaStatus.Succeed,
            SagaStatus.Submitted when steps.Any(i => ActionOf(transaction, i).HasFailed) => SagaStatus.Aborting,
            SagaStatus.Aborting when steps.All(i => IsUndone(transaction, i)) => SagaStatus.Failed,
            _ => null,
        };
    }

    private static TransactionOp CompensationOf(Transaction transaction, int step) => transaction.Ops[2 * step];

    private static TransactionOp ActionOf(Transaction transaction, int step) => transaction.Ops[(2 * step) + 1];

    private static ImmutableArray<int> Predecessors(Transaction transaction, int step) =>
        transaction.Intent.IsConcurrent ? transaction.Intent.Steps[step].After : step > 0 ? [step - 1] : [];

    private static IEnumerable<int> Followers(Transaction transaction, int step) =>
        transaction.Intent.IsConcurrent
            ? Enumerable.Range(0, transaction.Intent.Steps.Length).Where(i => transaction.Intent.Steps[i].After.Contains(step))
            : step + 1 < transaction.Intent.Steps.Length ? [step + 1] : [];

    private static bool IsNext(Transaction transaction, int step) =>
        ActionOf(transaction, step).IsOpen && Predecessors(transaction, step).All(before => ActionOf(transaction, before).IsDone);

    // What is known of its predecessors says nothing here: they may have succeeded after the saga began to abort.
    private static bool IsUndone(Transaction transaction, int step) =>
        CompensationOf(transaction, step).IsDone || ActionOf(transaction, step) is { IsOpen: true, IsStarted: false };
}
