using MySqlConnector;

namespace Mall.Ledger.MySql;

/// <summary>Runs texts of one statement or several. All answers are read: one that is lost is not taken for a good one.</summary>
internal static class MySqlText
{
    /// <returns>How many rows the statements have found.</returns>
    public static async Task<int> ExecuteAsync(MySqlConnection connection, string sql, MySqlTransaction? transaction = null)
    {
        await using var command = new MySqlCommand(sql, connection, transaction);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Of several statements one reads, and all are executed.</summary>
    public static async Task<List<T>> ReadAsync<T>(MySqlConnection connection, string sql, Func<DbDataReader, T> map)
    {
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        do
        {
            while (await reader.ReadAsync()) rows.Add(map(reader));
        }
        while (await reader.NextResultAsync());
        return rows;
    }
}
