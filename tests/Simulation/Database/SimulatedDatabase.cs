using Mall.Ledger.Sqlite;

namespace Mall.Simulation;

/// <summary>The database that all silos share, and that outlives them. Its rows are SQLite's, in memory, written by the product's
/// own SQLite writer under its own migrations: so barriers, guards and outcomes mean what they mean in production. Around that
/// stands a server: messages take time and get lost, transactions hold row locks until they end, sessions are ended.
/// A transaction happens at one moment, that of its commit, while it holds every row and barrier key that it touches. That is
/// what the real servers come to: they check a guard on the newest version of a row that they then keep locked (read committed).
/// A query sees what is committed at the moment at which it arrives, and waits for nobody.</summary>
public sealed partial class SimulatedDatabase : IDisposable
{
    private static readonly Query<int> s_stranger = new("insert into strangers values (@p1, @p2, @p3)", _ => 0);

    private readonly TaskScheduler _scheduler;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly SqliteSession _session = new(":memory:", "pragma foreign_keys = off; pragma temp_store = memory;");
    private readonly SqliteWriter _writer;
    private readonly RowLocks _locks = new();
    private readonly List<Transaction> _open = [];
    private readonly Action<string> _trace;
    private CancellationTokenSource _up = new(); // until the next restart
    private string _writing = ""; // whose transaction it is that is being committed
    private int _starts;

    public SimulatedDatabase(TaskScheduler scheduler, TimeProvider time, Random random, Action<string>? trace = null)
    {
        (_scheduler, _time, _random, _trace) = (scheduler, time, random, trace ?? (static _ => { }));
        var migrator = new Migrator(_session.Connection, SqliteErrors.Instance, SqliteStore.Migrations, time);
        migrator.MigrateAsync(null, CancellationToken.None).GetAwaiter().GetResult(); // Memory waits for nothing.
        Oracle.Watch(_session.Connection, () => time.GetUtcNow().UtcTicks, () => _writing);
        _writer = new SqliteWriter(_session);
    }

    public DatabaseOptions Options { get; set; } = new();
    public long Commits { get; private set; }
    public bool IsDown { get; private set; } // while true, nobody reaches it
    internal DateTimeOffset Now => _time.GetUtcNow(); // by its own clock, which is right
    public Tally Faults { get; init; } = new(); // what went wrong so far
    public Action? Committed { get; set; } // called after each commit

    /// <summary>What is committed now: takes no time and never fails.</summary>
    public IReadOnlyList<T> Read<T>(Query<T> query, params Value[] parameters) => _session.Read(query, parameters);

    /// <summary>Somebody who is none of the mall's holds a row for so long.</summary>
    public void LockRow(string table, string key, TimeSpan time) => Start(async () =>
    {
        var (held, session) = (new List<string>(), _up.Token);
        Note("row held by somebody else", $"{table} {key}, {time.TotalSeconds:0.0} s");
        try
        {
            await LockAsync(RowLocks.Row(table, key), held, Timeout.InfiniteTimeSpan, session);
            Read(s_stranger, key, _time.GetUtcNow().UtcTicks, (_time.GetUtcNow() + time).UtcTicks);
            await PassAsync(time, session);
            return true;
        }
        finally
        {
            held.ForEach(_locks.Release);
        }
    });

    /// <summary>Every session ends, what was not committed never is, and for so long nobody is answered.</summary>
    public void Restart(TimeSpan downFor) => Start(async () =>
    {
        Note("restart", $"down for {downFor.TotalSeconds:0.0} s");
        (IsDown, _starts) = (true, _starts + 1);
        KillAll(_ => true, "the server restarts");
        _up.Cancel();
        _up = new();
        await PassAsync(downFor);
        return IsDown = false;
    });

    public void Dispose() => _session.Dispose();

    /// <summary>Everything that is one statement: a message there, the statement, a message back; each may get lost.</summary>
    internal Task<T> AskAsync<T>(Func<T> statement) => Start(async () =>
    {
        await WayAsync();
        var (isLost, starts) = (Happens(Options.Other, "statement lost"), _starts);
        if (!IsDown && !(isLost && _random.Next(2) == 0))
        {
            try
            {
                var result = statement();
                await WayAsync();
                if (!isLost && starts == _starts) return result; // A restart ends the session that waits for an answer.
            }
            catch (SqliteException failure) when (SqliteErrors.Instance.IsFaultOfStatement(failure))
            {
                throw StoreErrors.NotAQuery(failure);
            }
        }

        await WayAsync();
        throw new LedgerUnavailableException("The database cannot be used now: it does not answer.");
    });

    internal IReadOnlyList<T> Read<T>(Statement<T> statement) => Read(statement.Query, statement.Parameters);

    /// <summary>Due work past what somebody holds, as <c>skip locked</c> does.</summary>
    internal IReadOnlyList<T> Pick<T>(Pick<T> pick)
    {
        var (held, (query, parameters)) = (_locks.HeldOf(pick.Table).ToHashSet(), pick.Rows);
        if (pick.Table == "due" && held.Count > 0) return [];
        var limit = (int)parameters[1].Number;
        var rows = Read(query, [parameters[0], limit + held.Count, .. parameters[2..]]);
        List<T> picked = [.. rows.Where(row => row is not DueItem work || !held.Contains(work.Key)).Take(limit)];
        foreach (var statement in picked.Count > 0 ? pick.Write(picked) : []) Read(statement);
        return picked;
    }

    internal TimeSpan? IsToFreeze(string silo)
    {
        if (!Happens(Options.Frozen)) return null;
        var time = Options.LongestFreeze * Math.Pow(Chance(), 2); // most often little of it
        Note("silo frozen in its transaction", $"{silo}, {time.TotalSeconds:0.0} s");
        return time;
    }

    private double Chance() => _random.NextDouble();
    private bool Happens(double probability, string? fault = null)
    {
        if (probability == 0 || Chance() >= probability) return false;
        if (fault is not null) Note(fault);
        return true;
    }

    private void Note(string fault, string? what = null)
    {
        Faults.Note($"database: {fault}");
        _trace($"database: {fault}{(what is null ? "" : $", {what}")}");
    }

    private Task<T> Start<T>(Func<Task<T>> activity) =>
        Task.Factory.StartNew(activity, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler).Unwrap();
    private Task WayAsync(CancellationToken killed = default) => PassAsync(Options.Way * (2 * Chance()), killed);

    // Task.Delay knows whole milliseconds only.
    private Task PassAsync(TimeSpan time, CancellationToken killed = default)
    {
        var over = new TaskCompletionSource();
        ITimer? timer = null;
        timer = _time.CreateTimer(_ => End(), null, time, Timeout.InfiniteTimeSpan);
        return over.Task.WaitAsync(killed);

        void End()
        {
            timer?.Dispose();
            over.TrySetResult();
        }
    }
}

/// <summary>How slow the simulated database is, and how often what goes wrong: probabilities from 0 to 1.</summary>
/// <param name="Refused">Not reached: nothing happened, and everybody knows. The same for a transaction that is broken.</param>
/// <param name="CommitLost">The commit is sent and lost: nothing happened, and nobody knows.</param>
/// <param name="AcknowledgementLost">It happened, and nobody knows.</param>
/// <param name="Stalled">The commit takes up to 25 s: perhaps longer than its callers, or its silo, wait.</param>
/// <param name="SeveralTrips">A batch that takes several round trips, between which its silo holds locks.</param>
/// <param name="Frozen">Of these: the silo freezes between them, for up to 20 s.</param>
/// <param name="ReadBack">A question for a commit mark fails; it is asked again.</param>
/// <param name="Other">A query, a claim or a reservation of ids fails, half of them after they have happened.</param>
public sealed record DatabaseOptions(
    double Refused = 0, double Broken = 0, double CommitLost = 0, double AcknowledgementLost = 0, double Stalled = 0,
    double SeveralTrips = 0.2, double Frozen = 0, double ReadBack = 0, double Other = 0)
{
    public TimeSpan Way { get; init; } = TimeSpan.FromMicroseconds(500); // a message's way, one direction: up to twice this
    public TimeSpan Disk { get; init; } = TimeSpan.FromMilliseconds(2); // a commit, from its locks to the disk: up to twice this
    public TimeSpan LongestStall { get; init; } = TimeSpan.FromSeconds(25);
    public TimeSpan LongestFreeze { get; init; } = TimeSpan.FromSeconds(20);
    public DatabaseOptions Sound() => new(SeveralTrips: SeveralTrips) { Way = Way, Disk = Disk };
}
