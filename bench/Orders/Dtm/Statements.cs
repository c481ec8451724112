using System.Text.RegularExpressions;

namespace Mall.Bench.Orders.Dtm;

/// <summary>Statements that are run one after the other.</summary>
sealed class Statements
{
    readonly List<DbBatch> _batches = [];
    readonly ILookup<string, DbParameter> _parameters;
    bool _isPrepared;

    public Statements(DbConnection connection, RoundTrips trips, bool prepares, string[] statements)
    {
        _isPrepared = !prepares;
        var parameters = new List<DbParameter>();
        foreach (var statement in statements)
        {
            if (_batches.Count == 0 || trips == RoundTrips.Each)
                _batches.Add(connection.CreateBatch());
            var command = _batches[^1].CreateBatchCommand();
            command.CommandText = statement;
            foreach (var name in Regex.Matches(statement, "@([a-z0-9]+)").Select(m => m.Groups[1].Value).Distinct())
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                command.Parameters.Add(parameter);
                parameters.Add(parameter);
            }

            _batches[^1].BatchCommands.Add(command);
        }

        _parameters = parameters.ToLookup(p => p.ParameterName);
    }

    /// <returns>How many rows they have changed.</returns>
    public async ValueTask<int> RunAsync(params (string Name, object Value)[] values)
    {
        foreach (var (name, value) in values)
        {
            foreach (var parameter in _parameters[name])
                parameter.Value = value;
        }

        var changed = 0;
        foreach (var batch in _batches)
        {
            if (!_isPrepared)
                await batch.PrepareAsync(); // The values have told the types.
            changed += Math.Max(0, await batch.ExecuteNonQueryAsync());
        }

        _isPrepared = true;
        return changed;
    }
}
