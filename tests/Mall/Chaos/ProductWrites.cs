using System.Data.Common;
using Mall.TestServers;

namespace Mall.Tests.Chaos;

/// <summary>
/// Every write to a product's row, told by a trigger in the database itself: the epoch that it found, the one that it left, and
/// whose session it came through. No write of an owner that has been replaced escapes it, however soon it was overwritten.
/// What has been sold and reviewed is told by whoever is at it, in columns that the owner never sets: no write of an owner.
/// </summary>
public sealed class ProductWrites(DatabaseKind kind, Func<DbConnection> connect)
{
    private const string Columns =
        "product_id bigint not null, found bigint not null, made bigint not null, writer varchar(64) not null";

    /// <summary>
    /// A committer's sessions share a name on PostgreSQL. MariaDB knows a session by its number only, and a
    /// committer may need several.
    /// </summary>
    private static readonly Dictionary<DatabaseKind, string[]> s_trap = new()
    {
        [DatabaseKind.Postgres] =
        [
            $"create table test_writes (id bigint generated always as identity primary key, {Columns})",
            """
            create function test_note_write() returns trigger language plpgsql as $$ begin
              insert into test_writes (product_id, found, made, writer)
              values (new.id, old.owner_epoch, new.owner_epoch, current_setting('application_name'));
              return null;
            end $$
            """,
            """
            create trigger test_note_write after update on products for each row
              when (new.sales = old.sales and new.reviews = old.reviews) execute function test_note_write()
            """,
        ],
        [DatabaseKind.MariaDb] =
        [
            $"create table test_writes (id bigint auto_increment primary key, {Columns})",
            """
            create trigger test_note_write after update on products for each row
              if new.sales = old.sales and new.reviews = old.reviews then
                insert into test_writes (product_id, found, made, writer)
                values (new.id, old.owner_epoch, new.owner_epoch, connection_id());
              end if
            """,
        ],
    };

    /// <summary>Sets the trigger; the products' table must be there.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        await using var connection = connect();
        await connection.OpenAsync(stop);
        foreach (var sql in s_trap[kind])
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(stop);
        }
    }

    /// <summary>Writes that an owner should not have made, a line each.</summary>
    /// <param name="count">How many writes there were.</param>
    public IReadOnlyList<string> Findings(out int count)
    {
        var writes = Read();
        count = writes.Count;
        var findings = writes.Where(w => w.Made < w.Found)
            .Select(w => $"{w}: took the product back to an earlier epoch")
            .ToList();
        foreach (var epoch in writes.GroupBy(w => (w.Product, w.Made)))
        {
            var sessions = epoch.Select(w => w.Writer).ToList();
            var turns = 1 + sessions.Zip(sessions.Skip(1)).Count(pair => pair.First != pair.Second);
            var most = kind == DatabaseKind.Postgres ? 1 : sessions.Distinct().Count();
            if (turns > most) findings.Add($"{epoch.Key}: written by {string.Join(", ", sessions.Distinct())} in {turns} turns");
        }

        return findings;
    }

    private List<Write> Read()
    {
        using var connection = connect();
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select product_id, found, made, writer from test_writes order by id";
        using var reader = command.ExecuteReader();
        var writes = new List<Write>();
        while (reader.Read())
            writes.Add(new Write(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetString(3)));
        return writes;
    }

    private sealed record Write(long Product, long Found, long Made, string Writer);
}
