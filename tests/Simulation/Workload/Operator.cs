namespace Mall.Simulation;

/// <summary>Looks at sagas, and retries or aborts one now and then, whatever state it is in.</summary>
internal sealed class Operator(Market market, int number) : Client(market, $"operator-{number}")
{
    public override async Task LiveAsync()
    {
        while (Market.IsOpen)
        {
            await PauseAsync(Market.Options.ShopperPause * 3);
            while (Market.Gids.Count > 5) Market.Gids.Dequeue();
            if (!Market.IsOpen || !Market.Gids.TryDequeue(out var gid)) continue;
            await (Chance(0.5)
                ? AskAsync<SagaView>(Asked.Other($"retry of {gid}"), door => door.Sagas.Retry(gid, door.NewPatience()))
                : AskAsync<SagaView>(Asked.Abort(gid), door => door.Sagas.Abort(gid, door.NewPatience())));
        }
    }
}
