using Mall.Sagas;
using Mall.Tests.Hosting;

namespace Mall.Tests.Sagas;

/// <summary>A saga's activation believes its memory no longer than it must: what others have written meanwhile counts.</summary>
public sealed class ActivationTests
{
    [Fact]
    public async Task A_saga_that_begins_while_it_is_looked_for_is_not_taken_for_one_that_was_cleaned_up()
    {
        var script = new Script { Decision = Result.Refused(300002, "No.") }.Branch("01");
        await using var mall = await script.OpenAsync();
        script.Recall = async () =>
        {
            // Behind the look for its row, and before the one for what it leaves, another activation commits both.
            await mall.ChangeAsync(
                """
                insert into sagas (gid, kind, status, payload, request_hash, version, next_time, create_time, update_time)
                values ('s1', 'scripted', 'submitted', '{"Note":"hello"}', 'h', 1, 9000000000000, 0, 0)
                """);
            return new SagaRemains<ScriptedIntent>(new ScriptedIntent("hello"), IsSameRequest: true, Refusal: null);
        };

        Assert.False((await Saga(mall).Run("h")).IsRefused);

        Assert.Equal(["+01"], script.Calls);
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
    }

    private static IScriptedSagaGrain Saga(TestMall mall) => mall.Grains.GetGrain<IScriptedSagaGrain>("s1");
}
