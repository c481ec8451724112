using Npgsql;

namespace Mall.Bench.Orders.Dtm;

/// <summary>On PostgreSQL: prepared statements, and four commits for an order of one item.</summary>
sealed class PostgresDtmWorker : DtmWorker
{
    /// <summary>The tables. Only what an order needs, with the indexes that finding and resuming need.</summary>
    public const string Schema =
        """
        create table trans_global (
          gid text collate "C" not null primary key, trans_type text not null, status text not null, payload text not null,
          next_cron_time bigint, create_time bigint not null, update_time bigint not null, finish_time bigint
        ) with (fillfactor = 70);
        create index trans_global_by_next_cron_time on trans_global (next_cron_time) where next_cron_time is not null;
        create table trans_branch_op (
          gid text collate "C" not null, branch_id text collate "C" not null, op text collate "C" not null, target text not null,
          payload text not null, status text not null, create_time bigint not null, update_time bigint not null,
          primary key (gid, branch_id, op)
        ) with (fillfactor = 70);
        create table barrier (
          trans_type text not null, gid text collate "C" not null, branch_id text collate "C" not null,
          op text collate "C" not null, barrier_id text collate "C" not null, reason text not null, create_time bigint not null,
          primary key (gid, branch_id, op, barrier_id)
        );
        create table products (
          id bigint not null primary key, name text not null, price bigint not null, stock bigint not null check (stock >= 0),
          sold bigint not null default 0, update_time bigint not null default 0
        ) with (fillfactor = 50);
        create table orders (
          id bigint generated always as identity primary key, gid text collate "C" not null unique, user_id bigint not null,
          amount bigint not null, status bigint not null, create_time bigint not null, update_time bigint not null
        );
        create index orders_by_user on orders (user_id, id);
        create table order_items (
          order_id bigint not null, product_id bigint not null, name text not null, quantity bigint not null,
          price bigint not null, primary key (order_id, product_id)
        );
        """;

    readonly NpgsqlConnection _connection;
    readonly Statements _submit;
    readonly Statements _orderBarrier;
    readonly Statements _order;
    readonly Statements _stockBarrier;
    readonly Statements _stock;
    readonly Statements _succeed;

    /// <param name="connectionString">Of the database that has the tables.</param>
    /// <param name="items">How many products each order has.</param>
    /// <param name="trips">How statements are sent.</param>
    public PostgresDtmWorker(string connectionString, int items, RoundTrips trips)
    {
        const string barrier =
            """
            insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time)
            values ('saga', $1, $2, 'action', '01', 'action', $3) on conflict do nothing
            """;
        _connection = new NpgsqlConnection(connectionString);
        _connection.Open();
        _submit = Transaction(
            """
            insert into trans_global (gid, trans_type, status, payload, next_cron_time, create_time, update_time)
            values ($1, 'saga', 'submitted', $2, $3 + 10000, $3, $3)
            """,
            $"""
            insert into trans_branch_op (gid, branch_id, op, target, payload, status, create_time, update_time)
            values {string.Join(", ", Enumerable.Range(0, items + 1).Select(BranchRows))}
            """);
        _orderBarrier = Together("begin", barrier);
        _order = Together(
            $"""
            with o as (
              insert into orders (gid, user_id, amount, status, create_time, update_time)
              values ($1, $2, {items * Price}, 0, $3, $3) returning id)
            insert into order_items (order_id, product_id, name, quantity, price)
            select o.id, i.product_id, 'Load', 1, {Price}
            from o, (values {string.Join(", ", Enumerable.Range(4, items).Select(n => $"(${n}::bigint)"))}) i (product_id)
            """,
            "commit");
        _stockBarrier = Together("begin", barrier);
        _stock = Together(
            "update products set stock = stock - 1, sold = sold + 1, update_time = $2 where id = $1", "commit");
        _succeed = Transaction(
            "update trans_branch_op set status = 'succeed', update_time = $2 where gid = $1 and op = 'action'",
            """
            update trans_global set status = 'succeed', next_cron_time = null, finish_time = $2, update_time = $2
            where gid = $1 and status = 'submitted'
            """);

        Statements Together(params string[] statements) => new(_connection, trips, statements);

        // A batch is a transaction of its own.
        Statements Transaction(params string[] statements) =>
            new(_connection, trips, trips == RoundTrips.Batched ? statements : ["begin", .. statements, "commit"]);
    }

    /// <summary>
    /// Its driver opens sockets in a way that makes .NET imitate blocking calls on them, which costs more than not to block.
    /// </summary>
    public override bool Blocks => false;

    public override void Dispose()
    {
        foreach (var statements in new[] { _submit, _orderBarrier, _order, _stockBarrier, _stock, _succeed })
            statements.Dispose();
        _connection.Dispose();
    }

    protected override async ValueTask SubmitAsync(string gid, IReadOnlyList<long> products)
    {
        var payloads = products.Select(PayloadOf).ToArray();
        var whole = $"[{string.Join(',', payloads)}]";
        var now = Now();
        await _submit.RunAsync([gid, whole, now], [gid, now, whole, .. payloads]);
    }

    protected override async ValueTask CreateOrderAsync(string gid, long userId, IReadOnlyList<long> products)
    {
        var now = Now();
        if (await _orderBarrier.RunAsync([gid, "01", now]) == 1)
            await _order.RunAsync([gid, userId, now, .. products.Cast<object>()]);
        else
            await RollbackAsync();
    }

    protected override async ValueTask TakeStockAsync(string gid, string branch, long product)
    {
        var now = Now();
        if (await _stockBarrier.RunAsync([gid, branch, now]) == 1)
            await _stock.RunAsync([product, now]);
        else
            await RollbackAsync();
    }

    protected override async ValueTask SucceedAsync(string gid)
    {
        var now = Now();
        await _succeed.RunAsync([gid, now], [gid, now]);
    }

    protected override async ValueTask RollbackAsync()
    {
        await using var command = new NpgsqlCommand("rollback", _connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Action and compensation of the order (0) or of an item.</summary>
    static string BranchRows(int place) =>
        $"""
        ($1, '{place + 1:00}', 'action', '{TargetOf(place)}', ${place + 3}, 'prepared', $2, $2),
        ($1, '{place + 1:00}', 'compensate', '{TargetOf(place)}', ${place + 3}, 'prepared', $2, $2)
        """;

    /// <summary>Statements that are run one after the other, prepared when they are run for the first time.</summary>
    sealed class Statements(NpgsqlConnection connection, RoundTrips trips, params string[] statements) : IDisposable
    {
        readonly NpgsqlBatch[] _batches =
        [
            .. Enumerable.Range(0, trips == RoundTrips.Batched ? 1 : statements.Length).Select(_ => new NpgsqlBatch(connection)),
        ];

        readonly NpgsqlBatchCommand[] _commands = [.. statements.Select(sql => new NpgsqlBatchCommand(sql))];
        readonly NpgsqlBatchCommand[] _withValues = new NpgsqlBatchCommand[statements.Count(HasValues)];
        bool _isPrepared;

        /// <param name="values">Texts and numbers for each statement that has any.</param>
        /// <returns>How many rows the last of these has changed.</returns>
        public async ValueTask<long> RunAsync(params object[][] values)
        {
            if (!_isPrepared)
                await PrepareAsync(values);
            for (var i = 0; i < values.Length; i++)
                SetValues(_withValues[i].Parameters, values[i]);
            foreach (var batch in _batches)
                await batch.ExecuteNonQueryAsync();
            return (long)_withValues[^1].Rows;
        }

        public void Dispose()
        {
            foreach (var batch in _batches)
                batch.Dispose();
        }

        static bool HasValues(string statement) => statement.Contains('$', StringComparison.Ordinal);

        static void SetValues(NpgsqlParameterCollection parameters, object[] values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] is string text)
                    ((NpgsqlParameter<string>)parameters[i]).TypedValue = text;
                else
                    ((NpgsqlParameter<long>)parameters[i]).TypedValue = (long)values[i];
            }
        }

        async ValueTask PrepareAsync(object[][] values)
        {
            var taken = 0;
            for (var i = 0; i < _commands.Length; i++)
            {
                _batches[i % _batches.Length].BatchCommands.Add(_commands[i]);
                if (!HasValues(statements[i]))
                    continue;
                _withValues[taken] = _commands[i];
                foreach (var value in values[taken++])
                    _commands[i].Parameters.Add(value is string ? new NpgsqlParameter<string>() : new NpgsqlParameter<long>());
            }

            foreach (var batch in _batches)
                await batch.PrepareAsync();
            _isPrepared = true;
        }
    }
}
