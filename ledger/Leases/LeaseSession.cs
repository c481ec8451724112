using System.Data.Common;

namespace Mall.Ledger.Leases;

/// <summary>
/// Runs statements on a connection, in a transaction if there is one. Parameters are <c>@p1</c>, <c>@p2</c>, ...: long or string.
/// </summary>
internal readonly struct LeaseSession(DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
{
    /// <returns>How many rows the statement found.</returns>
    public async Task<int> ExecuteAsync(string sql, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> map, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken)) rows.Add(map(reader));
        return rows;
    }

    private DbCommand Command(string sql, object[] parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants, with the dialect's name of the clock in them.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Transaction = transaction;
        for (var i = 0; i < parameters.Length; i++)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"@p{i + 1}", parameters[i]);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
