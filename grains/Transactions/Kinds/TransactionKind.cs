namespace Mall.Transactions;

/// <summary>
/// What differs between the kinds of transactions, decided from what is known and nothing else: which ops may be called now, and
/// where it goes from there. Durability, repeats, deadlines and take-over are common to all.
/// </summary>
internal abstract class TransactionKind
{
    private static readonly Dictionary<string, TransactionKind> s_all = new()
    {
        [TransactionTypes.Saga] = new SagaTransactions(),
        [TransactionTypes.Message] = new MessageTransactions(),
        [TransactionTypes.Tcc] = new TwoPhaseTransactions("confirm", "cancel"),
        [TransactionTypes.Xa] = new TwoPhaseTransactions("commit", "rollback"),
        [TransactionTypes.Workflow] = new WorkflowTransactions(),
    };

    /// <exception cref="InvalidDataException">No such kind.</exception>
    public static TransactionKind Of(string type) =>
        s_all.GetValueOrDefault(type) ?? throw new InvalidDataException($"There is no kind of transaction called {type}.");

    /// <summary>Whether what does not say so itself is given up after a while.</summary>
    public virtual bool HasDefaultTimeout => true;

    /// <summary>The ops that the intent names; others are registered.</summary>
    public virtual IEnumerable<TransactionOp> Plan(TransactionIntent intent) => [];

    /// <summary>The ops that may be called now, those under way among them.</summary>
    public abstract IEnumerable<TransactionOp> Ready(Transaction transaction);

    /// <summary>The ops that whoever drove it before may have called, their answers unknown.</summary>
    public virtual IEnumerable<TransactionOp> MayBeStarted(Transaction transaction) => [];

    /// <summary>The status that it has reached by what is known; null: it stays where it is.</summary>
    public abstract string? Reached(Transaction transaction);

    /// <summary>Whether an op's failure stands; else it is asked again, as if nothing were known.</summary>
    public virtual bool Believes(TransactionOp op) => false;

    /// <summary>The status that it gets when its deadline passes in this one; null: none.</summary>
    public virtual string? Expired(string status) => null;

    /// <summary>Before this nothing is called.</summary>
    public virtual DateTimeOffset? NotBefore(Transaction transaction) => null;

    /// <summary>What is to be asked of the client before anything else; null: nothing.</summary>
    /// <param name="isLate">The deadline has passed.</param>
    public virtual TransactionOp? Question(Transaction transaction, bool isLate) => null;

    /// <summary>The status that the answer to the question gives; null: it stays.</summary>
    public virtual string? Answered(BranchOutcome outcome) => null;
}
