using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Channels;

namespace Mall.Transactions;

/// <summary>
/// The run of a transaction. A pass calls whatever may be called, each op once, until nothing is left that may; then the
/// transaction has ended, or its row says when the next pass is due.
/// </summary>
public sealed partial class GlobalTransactionGrain
{
    private const int LongestInLog = 1024;

    private void Start()
    {
        if (_run.IsCompleted && _transaction is { HasEnded: false } transaction) _run = RunAsync(transaction);
    }

    /// <summary>What a client that waits is told.</summary>
    private async Task<TransactionReply> OutcomeAsync()
    {
        try
        {
            await _run.WaitAsync(services.Settings.WaitLimit, services.Clock);
        }
        catch (TimeoutException)
        {
            return TransactionReply.Ongoing($"Transaction {Gid} goes on.");
        }

        var transaction = await AloneAsync(async () => _transaction ?? await LoadAsync());
        return transaction?.Status switch
        {
            SagaStatus.Succeed => TransactionReply.Success,
            SagaStatus.Aborting or SagaStatus.Failed =>
                TransactionReply.Failure(transaction.Row.Reason ?? $"Transaction {Gid} is {transaction.Status}."),
            _ => TransactionReply.Ongoing($"Transaction {Gid} goes on. {transaction?.Row.Reason}"),
        };
    }

    private async Task RunAsync(Transaction transaction)
    {
        try
        {
            do
            {
                _again = false;
                await PassAsync(transaction, new Pass());
            }
            while (_again && !transaction.HasEnded && !IsLeaving);
        }
        catch (Exception e)
        {
            // The run's edge: another has taken over, or storage is in trouble. The row is due by itself.
            LogStopped(services.Log, e, Gid);
            if (_transaction == transaction) _transaction = null;
        }
    }

    private async Task PassAsync(Transaction transaction, Pass pass)
    {
        while (!transaction.HasEnded && !(transaction.Kind.NotBefore(transaction) > Now))
        {
            if (pass.UnderWay == 0 && await AdvanceAsync(transaction, pass)) continue;
            if (!await CallWhatIsReadyAsync(transaction, pass)) break;
            await TakeAnswersAsync(transaction, pass);
        }

        var seen = transaction.Status;
        await AloneAsync(async () =>
        {
            // Who moved it while this waited for the gate found a run under way and began no other.
            if (transaction.Status != seen) _again = true;
            else if (!transaction.HasEnded) await RestAsync(transaction, pass);
            return true;
        });
    }

    /// <summary>Whether it got on without a branch: its deadline has passed, its client has been asked, or all is done.</summary>
    private async Task<bool> AdvanceAsync(Transaction transaction, Pass pass)
    {
        var (before, isLate) = (transaction.Status, transaction.Deadline(services.Settings) <= Now);
        if (isLate && transaction.Kind.Expired(transaction.Status) is { } expired)
        {
            var timeout = transaction.Deadline(services.Settings) - transaction.Row.CreateTime;
            return await ReachAsync(
                transaction, before, expired,
                    string.Create(CultureInfo.InvariantCulture, $"Timeout after {timeout?.TotalSeconds:0} seconds"));
        }

        if (transaction.Kind.Reached(transaction) is { } reached)
            return await ReachAsync(transaction, before, reached, transaction.Row.Reason);
        if (IsLeaving || pass.HasAsked || transaction.Kind.Question(transaction, isLate) is not { } question) return false;
        pass.HasAsked = true;
        var answer = question.Target.Length == 0
            ? new BranchAnswer(BranchOutcome.Unknown, "there is no query_prepared, so submit it or stop it by force")
            : await AnswerAsync(transaction, question);
        pass.Note(answer, question.Target, $"{(question.Target.Length == 0 ? "nobody" : question.Target)} answered the query");
        return transaction.Kind.Answered(answer.Outcome) is { } answered
            && await ReachAsync(transaction, before, answered, answered == SagaStatus.Failed ? answer.Error : null);
    }

    /// <param name="before">Its status when this was decided: while a client was asked, another may have moved it.</param>
    private Task<bool> ReachAsync(Transaction transaction, string before, string status, string? reason) =>
        AloneAsync(async () =>
        {
            if (transaction.Status == before) // Else: look again.
                await MoveAsync(transaction, Soon(transaction) with { Status = status, Reason = reason, Attempts = 0 });
            return true;
        });

    /// <summary>
    /// Calls what was called for another end first lets settle: nothing is compensated while it acts. Under the gate: nothing is
    /// called while the row is being moved, so what is written down then as called is all that was.
    /// </summary>
    /// <returns>Whether any call is under way.</returns>
    private Task<bool> CallWhatIsReadyAsync(Transaction transaction, Pass pass) => AloneAsync(() =>
    {
        if (_transaction != transaction) throw new StaleActivationException($"What is known of transaction {Gid} is old.");
        if (IsLeaving || (pass.UnderWay > 0 && pass.Phase != transaction.Status)) return Task.FromResult(pass.UnderWay > 0);
        pass.Phase = transaction.Status;
        foreach (var op in transaction.Kind.Ready(transaction).Where(pass.Called.Add).ToArray())
        {
            op.IsStarted = true;
            pass.UnderWay++;
            _ = CallAsync(transaction, op, pass); // It never throws, and the pass waits for its answer.
        }

        return Task.FromResult(pass.UnderWay > 0);
    });

    private async Task CallAsync(Transaction transaction, TransactionOp op, Pass pass) =>
        pass.Answers.Writer.TryWrite((op, await AnswerAsync(transaction, op)));

    private async Task<BranchAnswer> AnswerAsync(Transaction transaction, TransactionOp op)
    {
        if (op.Target.Length == 0) return BranchAnswer.Success;
        var (intent, options) = (transaction.Intent, transaction.Intent.Options);
        var call = new BranchCall(
            Gid, intent.Type, op.BranchId, op.Op, op.Target, intent.Protocol, op.Payload, options.Headers,
            options.RequestTimeout ?? services.Settings.RequestTimeout);
        try
        {
            return await services.Caller.CallAsync(call);
        }
        catch (Exception e)
        {
            // A call's edge: a bug there is one more answer that means nothing.
            return new BranchAnswer(BranchOutcome.Unknown, $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>
    /// Waits for an answer, and makes what has come durable, with the status that it leads to, before anything follows.
    /// </summary>
    private async Task TakeAnswersAsync(Transaction transaction, Pass pass)
    {
        var answers = new List<(TransactionOp Op, BranchAnswer Answer)> { await pass.Answers.Reader.ReadAsync() };
        while (pass.Answers.Reader.TryRead(out var more)) answers.Add(more);
        pass.UnderWay -= answers.Count;
        await AloneAsync(async () =>
        {
            if (transaction.HasEnded) return false; // Stopped by force: nothing that came later counts.
            var (rows, reason) = (new List<RowChange>(), transaction.Row.Reason);
            foreach (var (op, answer) in answers)
            {
                var isFailure = answer.Outcome == BranchOutcome.Failure && transaction.Kind.Believes(op);
                if (!isFailure) pass.Note(answer, op.Target, $"{op.Op} of branch {op.BranchId}, {op.Target}");
                if (answer.Outcome != BranchOutcome.Success && !isFailure) continue;
                op.Status = isFailure ? SagaStatus.Failed : BranchStatus.Succeed;
                (op.Error, op.EndedAt) = (answer.Error, Now);
                if (isFailure && transaction.Status == SagaStatus.Submitted) reason = $"{op.Target} failed: {answer.Error}";
                rows.Add(op.IsNoted
                    ? TransactionRows.UpdateBranch(Gid, op, Now)
                    : TransactionRows.InsertBranch(Gid, op, Now));
                op.IsNoted = true;
            }

            if (rows.Count == 0) return false;
            var status = transaction.Kind.Reached(transaction) ?? transaction.Status;
            if (status == SagaStatus.Succeed) reason = null;
            await MoveAsync(transaction, Soon(transaction) with { Status = status, Reason = reason, Attempts = 0 }, [.. rows]);
            return true;
        });
    }

    /// <summary>Writes down when it is looked at next, and why it has not ended. Under the gate.</summary>
    private Task RestAsync(Transaction transaction, Pass pass)
    {
        var (now, settings, row) = (Now, services.Settings, transaction.Row);
        var attempts = row.Attempts + (pass.IsUnknown ? 1 : 0);
        if (pass.IsUnknown) LogStumbled(services.Log, Gid, attempts, ForLog(pass.Trouble));
        var limit = transaction.RetryLimit;
        if (limit > 0 && attempts > limit)
        {
            _again = true;
            return MoveAsync(transaction, Soon(transaction) with
            {
                Status = SagaStatus.Aborting, Attempts = 0,
                Reason = string.Create( // In DTM's words.
                    CultureInfo.InvariantCulture, $"RetryCount is greater than RetryLimit, RetryLimit: {limit}"),
            });
        }

        // Whoever waits for a saga with a limit is told its end. What is ongoing needs its time, so then there is a pause.
        if (limit > 0 && pass is { IsUnknown: true, IsOngoing: false } && attempts % Transaction.MostAtOnce != 0)
            _again = true;
        var deadline = transaction.Deadline(settings);
        var next = now + transaction.Interval(attempts, settings);
        if (IsLeaving) next = now;
        else if (_again) next = now + settings.TakeoverAfter; // By this run, or, should it end here, by another.
        else if (!pass.HasStumbled && transaction.Kind.NotBefore(transaction) is { } time && time > now) next = time;
        else if (!pass.HasStumbled && transaction.Status == SagaStatus.Prepared && deadline > now
            && transaction.Kind is not WorkflowTransactions) next = deadline.Value;
        if (transaction.Kind.Expired(transaction.Status) is not null && deadline < next && deadline > now) next = deadline.Value;
        var isAborting = transaction.Status == SagaStatus.Aborting;
        var moved = row with
        {
            Attempts = attempts, NextTime = next, Reason = isAborting || pass.Trouble is null ? row.Reason : pass.Trouble,
        };
        var isToTell = pass.IsUnknown && settings.HasAlertHook // Of repeats without a pause, once.
            && (_again ? attempts == settings.AlertAfter : attempts >= settings.AlertAfter);
        if (!isToTell) return MoveAsync(transaction, moved);
        var alert = new TransactionAlert(Gid, row.Status, pass.Target ?? "", pass.Trouble ?? "", attempts);
        return MoveAsync(transaction, moved, DueWork.Schedule(
            AlertHandler.KindOfWork, string.Create(CultureInfo.InvariantCulture, $"{Gid} {row.Version}"), now,
            JsonSerializer.Serialize(alert, TransactionJson.Default.TransactionAlert)));
    }

    /// <summary>What others have sent, short and on one line, without what stands in queries of addresses.</summary>
    private static string? ForLog(string? trouble)
    {
        if (trouble is null) return null;
        var shown = Query.Replace(trouble.Length > LongestInLog ? trouble[..LongestInLog] : trouble, "?...");
        return string.Concat(shown.Select(c => char.IsControl(c) ? ' ' : c));
    }

    [GeneratedRegex(@"\?[^\s:]+")]
    private static partial Regex Query { get; }

    [LoggerMessage(3502, LogLevel.Warning, "Transaction {Gid} stumbled, attempt {Attempt}: {Trouble}")]
    private static partial void LogStumbled(ILogger log, string gid, int attempt, string? trouble);

    [LoggerMessage(3503, LogLevel.Warning, "Transaction {Gid} is given up by this activation; due work resumes it")]
    private static partial void LogStopped(ILogger log, Exception e, string gid);

    /// <summary>What one pass has done.</summary>
    private sealed class Pass
    {
        public HashSet<TransactionOp> Called { get; } = [];

        public Channel<(TransactionOp Op, BranchAnswer Answer)> Answers { get; } =
            Channel.CreateUnbounded<(TransactionOp, BranchAnswer)>();

        public int UnderWay { get; set; }

        /// <summary>In which status what is under way was called.</summary>
        public string? Phase { get; set; }

        public bool HasAsked { get; set; }

        public bool HasStumbled { get; private set; }

        public bool IsUnknown { get; private set; }

        public bool IsOngoing { get; private set; }

        /// <summary>What it stumbled over last, and where that was answered.</summary>
        public string? Trouble { get; private set; }

        public string? Target { get; private set; }

        public void Note(BranchAnswer answer, string target, string what)
        {
            if (answer.Outcome == BranchOutcome.Success) return;
            HasStumbled = true;
            IsUnknown |= answer.Outcome is BranchOutcome.Unknown or BranchOutcome.Failure;
            IsOngoing |= answer.Outcome == BranchOutcome.Ongoing;
            (Target, Trouble) = (target, $"{what}: {answer.Outcome.ToString().ToLowerInvariant()}: {answer.Error}");
        }
    }
}
