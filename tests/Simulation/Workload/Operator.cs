using Mall.Sagas;

namespace Mall.Simulation;

/// <summary>Looks at sagas, and retries or aborts one now and then, whatever state it is in.</summary>
internal sealed class Operator(Market market, int number) : Client(market, $"operator-{number}")
{
    private static readonly Api.Auth.Caller s_caller = new(1, "operator");

    public override async Task LiveAsync()
    {
        while (Market.IsOpen)
        {
            await PauseAsync(Market.Options.ShopperPause * 3);
            while (Market.Gids.Count > 5) Market.Gids.Dequeue();
            if (!Market.IsOpen || !Market.Gids.TryDequeue(out var gid)) continue;
            await (Chance(0.5)
                ? AskAsync<SagaView>(
                    new OtherAsked($"retry of {gid}"), door => door.Sagas.Retry(s_caller, gid, null, door.NewPatience()))
                : AskAsync<SagaView>(new AbortAsked(gid), door => door.Sagas.Abort(s_caller, gid, null, door.NewPatience())));
        }
    }
}
