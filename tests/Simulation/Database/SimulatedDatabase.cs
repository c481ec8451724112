using Mall.Ledger;
using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using Microsoft.Data.Sqlite;

namespace Mall.Simulation;

/// <summary>
/// The database that all silos share, and that outlives them. Its rows are SQLite's, in memory, written by the product's own
/// SQLite writer under its own migrations: so barriers, guards and outcomes mean what they mean in production. Around that stands
/// a server: messages that take time and get lost, transactions that hold row locks until they end, sessions that are ended.
/// <para>
/// A transaction happens at one moment, that of its commit, while it holds every row and barrier key that it touches. That is
/// what the real servers come to: they check a guard on the newest version of a row that they then keep locked (read committed).
/// A query sees what is committed at the moment at which it arrives, and waits for nobody.
/// </para>
/// <see cref="Watch"/> notes what the rows have been, for the oracles.
/// </summary>
public sealed partial class SimulatedDatabase : IDisposable
{
    private static readonly Query<int> s_noteStep = new("insert into seen_steps values (@p1, @p2, @p3, @p4)", static _ => 0);

    private readonly Lock _gate = new(); // The contract suite comes from several threads; a simulation has one.
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly SqliteSession _session = new(":memory:", "pragma foreign_keys = off; pragma temp_store = memory;");
    private readonly SqliteWriter _writer;
    private readonly RowLocks _locks = new();
    private readonly List<LockHolder> _strangers = [];
    private readonly List<Transaction> _open = [];
    private readonly Dictionary<string, SimulatedStore> _owners = []; // of products, by id
    private readonly Action<string> _trace;
    private int _starts;

    /// <param name="time">Of the machine that it runs on.</param>
    /// <param name="random">Decides what goes wrong, and how long everything takes.</param>
    /// <param name="trace">Hears what goes wrong, and every commit.</param>
    public SimulatedDatabase(TimeProvider time, Random random, Action<string>? trace = null)
    {
        (_time, _random, _trace) = (time, random, trace ?? (static _ => { }));
        var migrator = new Migrator(_session.Connection, SqliteErrors.Instance, SqliteStore.Migrations, time);
        migrator.MigrateAsync(CancellationToken.None).GetAwaiter().GetResult(); // Memory waits for nothing.
        Watch.Over(_session.Connection, () => UtcTicks);
        _writer = new SqliteWriter(_session);
    }

    public DatabaseOptions Options { get; set; } = new();

    /// <summary>While true, nobody reaches it.</summary>
    public bool IsDown { get; private set; }

    /// <summary>The bug of this run, if there is one.</summary>
    public Mutation? Planted { get; set; }

    public long Commits { get; private set; }

    /// <summary>What went wrong so far, by kind.</summary>
    public SortedDictionary<string, int> Faults { get; } = new(StringComparer.Ordinal);

    /// <summary>Rows that somebody else held, and when.</summary>
    public List<(string Table, string Key, DateTimeOffset From, DateTimeOffset To)> StrangersLocks { get; } = [];

    /// <summary>Called after each commit.</summary>
    public Action? Committed { get; set; }

    /// <summary>What is committed now, for oracles: takes no time and never fails.</summary>
    public IReadOnlyList<T> Read<T>(Query<T> query, params Value[] parameters)
    {
        lock (_gate) return Execute(query, parameters);
    }

    /// <summary>Somebody who is none of the mall's holds a row for so long.</summary>
    public void LockRow(string table, string key, TimeSpan time)
    {
        lock (_gate)
        {
            Note("row held by somebody else", $"{table} {key}, {time.TotalSeconds:0.0} s");
            var stranger = new LockHolder([RowLocks.Row(table, key)]);
            _strangers.Add(stranger);
            _locks.Enter(stranger);
            StrangersLocks.Add((table, key, _time.GetUtcNow(), _time.GetUtcNow() + time));
            After(time, () => _locks.Leave(stranger));
        }
    }

    /// <summary>Every session ends, what was not committed never is, and for so long nobody is answered.</summary>
    public void Restart(TimeSpan downFor)
    {
        lock (_gate)
        {
            Note("restart", $"down for {downFor.TotalSeconds:0.0} s");
            _starts++;
            IsDown = true;
            foreach (var transaction in _open.ToArray()) Kill(transaction, "the server restarts");
            foreach (var stranger in _strangers) _locks.Leave(stranger);
            _strangers.Clear();
            After(downFor, () => IsDown = false);
        }
    }

    public void Dispose()
    {
        _session.Dispose();
    }

    /// <summary>Everything that is one statement: a message there, the statement, a message back; each may get lost.</summary>
    internal Task<T> AskAsync<T>(Func<T> statement)
    {
        var answer = new TaskCompletionSource<T>();
        After(Way(), () =>
        {
            var isLost = Happens(Options.Other);
            if (IsDown || (isLost && _random.Next(2) == 0))
            {
                if (!IsDown) Note("statement not reached");
                Later(() => answer.TrySetException(Unavailable()));
                return;
            }

            try
            {
                T result;
                lock (_gate) result = statement();
                if (isLost) Note("statement's answer lost");
                Later(() => isLost ? answer.TrySetException(Unavailable()) : answer.TrySetResult(result));
            }
            catch (Exception failure) // Whatever the statement or its mapping throws belongs to the caller.
            {
                Later(() => answer.TrySetException(Told(failure)));
            }
        });
        return answer.Task;

        // A restart ends the session that waits for an answer.
        void Later(Func<bool> say)
        {
            var starts = _starts;
            After(Way(), () => _ = starts == _starts ? say() : answer.TrySetException(Unavailable()));
        }
    }

    /// <summary>The claim, past rows that somebody holds, as <c>skip locked</c> does.</summary>
    internal IReadOnlyList<DueItem> Claim(DueColumn? column, DueClaim claim)
    {
        if (column is null)
        {
            if (_locks.HeldOf("due").Any()) return [];
            return Pick(ShortQueries.Due(claim, locking: ""), due => ShortQueries.Claim(claim, due));
        }

        var held = string.Join(", ", _locks.HeldOf(column.Table.Name).Order().Select(key => $"'{key}'"));
        if (held.Length > 0)
        {
            var free = $"{column.Key} not in ({held})";
            column = column with { Predicate = column.Predicate is { } sql ? $"({sql}) and {free}" : free };
        }

        var claimed = Pick(ShortQueries.Due(column, claim, locking: ""), due => ShortQueries.Claim(column, claim, due));
        if (Planted == Mutation.DueWorkForgotten)
        {
            var forget = new Query<int>($"update {column.Table} set {column.DueTime} = null where {column.Key} = @p1", _ => 0);
            foreach (var item in claimed) _session.Read(forget, item.Key);
        }

        return claimed;
    }

    internal long ReserveIds(string sequence, int count)
    {
        var first = Execute(ShortQueries.ReserveIds(sequence, count))[0];
        if (Planted == Mutation.IdsNotReserved && _random.Next(4) == 0)
            Execute(ShortQueries.ReturnIds(sequence, first, first + count));
        return first;
    }

    internal int CleanUp(DateTimeOffset before, int limit) =>
        Pick(ShortQueries.Ended(before, limit, locking: ""), ShortQueries.CleanUp).Count;

    internal IReadOnlyList<T> Execute<T>(Statement<T> statement) => Execute(statement.Query, statement.Parameters);

    internal IReadOnlyList<T> Execute<T>(Query<T> query, params Value[] parameters) => _session.Read(query, parameters);

    private IReadOnlyList<T> Pick<T>(Statement<T> pick, Func<IReadOnlyList<T>, IEnumerable<Statement<long>>> write)
    {
        var picked = Execute(pick);
        if (picked.Count > 0)
            foreach (var statement in write(picked)) Execute(statement);
        return picked;
    }

    internal bool Happens(double probability)
    {
        if (probability == 0) return false;
        lock (_gate) return _random.NextDouble() < probability;
    }

    /// <summary>Up to so long, most often little of it.</summary>
    internal TimeSpan Draw(TimeSpan longest)
    {
        lock (_gate) return longest * Math.Pow(_random.NextDouble(), 2);
    }

    internal void Note(string fault, string? what = null)
    {
        lock (_gate) Faults[fault] = Faults.GetValueOrDefault(fault) + 1;
        _trace($"database: {fault}{(what is null ? "" : $", {what}")}");
    }

    /// <summary>Its own clock, which is right.</summary>
    internal DateTimeOffset Now => _time.GetUtcNow();

    private long UtcTicks => Now.UtcTicks;

    private TimeSpan Way()
    {
        lock (_gate) return Options.Way * (2 * _random.NextDouble());
    }

    private void After(TimeSpan delay, Action action)
    {
        if (delay <= TimeSpan.Zero)
        {
            action();
            return;
        }

        ITimer? timer = null;
        timer = _time.CreateTimer(
            _ =>
            {
                timer!.Dispose();
                action();
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    private static LedgerUnavailableException Unavailable() => new("The database cannot be used now: it does not answer.");

    private static Exception Told(Exception failure) => failure is not SqliteException ? failure
        : SqliteErrors.Instance.IsFaultOfStatement(failure) ? StoreErrors.NotAQuery(failure)
        : SqliteErrors.Instance.Unavailable(failure);
}
