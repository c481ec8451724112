using System.Data.Common;
using System.Globalization;
using Grpc.Core;

namespace Mall.Transactions.Client;

/// <summary>
/// DTM's sub-transaction barrier: what a branch does to a database happens once, never before it was asked for, and not after it
/// was undone. One for each call of a branch; it may guard several pieces of work, in the same order each time.
/// </summary>
/// <param name="transType">As the call says: saga, tcc, msg, xa or workflow.</param>
/// <param name="gid">Of the transaction.</param>
/// <param name="branchId">Of the branch.</param>
/// <param name="op">What is asked of it: action, compensate, try and so on.</param>
public sealed class BranchBarrier(string transType, string gid, string branchId, string op)
{
    private const string MessageBranch = "00";
    private const string MessageOp = "msg";
    private const string MessageBarrier = "01";
    private const string Rollback = "rollback";
    private const string MySql = "MySqlConnection";
    private const string Postgres = "NpgsqlConnection";

    private int _number;

    /// <summary>The barrier of an HTTP call: <c>?gid=..&amp;trans_type=..&amp;branch_id=..&amp;op=..</c></summary>
    /// <param name="field">Gives a field of the query.</param>
    /// <exception cref="ArgumentException">One of the four is missing: this is no call of a branch.</exception>
    public static BranchBarrier From(Func<string, string?> field)
    {
        string Get(string name) => field(name) is { Length: > 0 } value ? value
            : throw new ArgumentException($"The call has no {name}.", nameof(field));
        return new BranchBarrier(Get("trans_type"), Get("gid"), Get("branch_id"), Get("op"));
    }

    /// <summary>The barrier of a gRPC call, by the metadata that begin with <c>dtm-</c>.</summary>
    /// <exception cref="ArgumentException">One of the four is missing: this is no call of a branch.</exception>
    public static BranchBarrier From(Metadata headers) => From(name => headers.GetValue($"dtm-{name}"));

    /// <summary>
    /// Makes the table, if need be: <c>dtm_barrier.barrier</c>, as DTM names it, on PostgreSQL, MySQL and MariaDB, and
    /// <c>barrier</c> elsewhere. A table that DTM's own scripts have made does as well, as far as its
    /// collation tells gids apart.
    /// </summary>
    public static async Task CreateTableAsync(DbConnection connection, CancellationToken cancellationToken = default)
    {
        // MySQL's own collation takes gids for the same that differ in case, and others do so of blanks at their ends. PostgreSQL
        // lets nobody make what another makes at that moment, nor what is there already who may make nothing.
        var (before, collation, after) = Kind(connection) switch
        {
            MySql => (
                "create database if not exists dtm_barrier;",
                "character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */", ""),
            Postgres => (
                """
                do $$ begin
                perform pg_advisory_xact_lock(hashtext('dtm_barrier.barrier'));
                if to_regclass('dtm_barrier.barrier') is not null then return; end if;
                create schema if not exists dtm_barrier;
                """,
                "", "; end $$"),
            _ => ("", "", ""),
        };
        await using var command = connection.CreateCommand();
        command.CommandText = $"""
            {before}
            create table if not exists {Table(connection)} (
              trans_type varchar(45) not null, gid varchar(128) not null, branch_id varchar(128) not null,
              op varchar(45) not null, barrier_id varchar(45) not null, reason varchar(45) not null,
              create_time timestamp default current_timestamp,
              constraint uniq_barrier primary key (gid, branch_id, op, barrier_id)) {collation}{after}
            """;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Does the work in a transaction with its barrier row: once. What throws is rolled back, and may be tried again.
    /// </summary>
    /// <param name="connection">Open, without a transaction.</param>
    /// <returns>False: it was done before, or it is undone before it was done, and must not be done any more.</returns>
    public async Task<bool> CallAsync(
        DbConnection connection, Func<DbTransaction, Task> work, CancellationToken cancellationToken = default)
    {
        var before = _number;
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var isNew = await EnterAsync(transaction, cancellationToken);
            if (isNew) await work(transaction);
            await transaction.CommitAsync(cancellationToken);
            return isNew;
        }
        catch
        {
            _number = before; // Tried again, it is the same piece of work.
            throw;
        }
    }

    /// <summary>
    /// The same within a transaction of the caller's, who commits it; where that fails, the next attempt needs a barrier of its
    /// own.
    /// </summary>
    public async Task<bool> EnterAsync(DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        var barrier = (++_number).ToString("00", CultureInfo.InvariantCulture);
        var origin = op switch { "cancel" => "try", "compensate" or Rollback => "action", _ => null };
        var isNull = origin is not null && await InsertAsync(transaction, branchId, origin, barrier, op, cancellationToken);
        var isFirst = await InsertAsync(transaction, branchId, op, barrier, op, cancellationToken);
        return isFirst && !isNull;
    }

    /// <summary>Whether the local transaction of a message was committed; if not, it never will be.</summary>
    public static async Task<bool> WasCommittedAsync(DbConnection connection, string gid,
        CancellationToken cancellationToken = default)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var message = new BranchBarrier(MessageOp, gid, MessageBranch, MessageOp);
        var isMissing = await message.InsertAsync(
            transaction, MessageBranch, MessageOp, MessageBarrier, Rollback, cancellationToken);
        await using var command = Command(transaction, $"""
            select reason from {Table(connection)} where gid = @p0 and branch_id = @p1 and op = @p2 and barrier_id = @p3
            """, gid, MessageBranch, MessageOp, MessageBarrier);
        var reason = isMissing ? Rollback : (string?)await command.ExecuteScalarAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return reason != Rollback;
    }

    /// <summary>The barrier of a message's local transaction. False: it was given up before it began.</summary>
    internal static Task<bool> EnterMessageAsync(DbTransaction transaction, string gid, CancellationToken cancellationToken) =>
        new BranchBarrier(MessageOp, gid, MessageBranch, MessageOp).EnterAsync(transaction, cancellationToken);

    private async Task<bool> InsertAsync(
        DbTransaction transaction, string branch, string rowOp, string barrier, string reason,
            CancellationToken cancellationToken)
    {
        var connection = transaction.Connection!;
        var (verb, rest) = Kind(connection) == MySql ? ("insert ignore", "") : ("insert", "on conflict do nothing");
        await using var command = Command(transaction, $"""
            {verb} into {Table(connection)} (trans_type, gid, branch_id, op, barrier_id, reason)
            values (@p0, @p1, @p2, @p3, @p4, @p5) {rest}
            """, transType, gid, branch, rowOp, barrier, reason);
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    private static DbCommand Command(DbTransaction transaction, string sql, params string[] values)
    {
        var command = transaction.Connection!.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, sql);
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"@p{i}", values[i]);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    // By name, for the drivers are their users' own: MySqlConnector's and Oracle's class have the same.
    private static string Kind(DbConnection connection) => connection.GetType().Name;

    private static string Table(DbConnection connection) =>
        Kind(connection) is MySql or Postgres ? "dtm_barrier.barrier" : "barrier"; // A file has no schemas.
}
