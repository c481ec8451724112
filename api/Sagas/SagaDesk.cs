namespace Mall.Api.Sagas;

/// <summary>Where operators look at sagas, through either door, and push those that are stuck.</summary>
internal sealed class SagaDesk(IGrainFactory grains)
{
    public const int MaxGid = 128;

    private static readonly string[] s_statuses = ["prepared", "submitted", "aborting", "succeed", "failed"];

    private ISagaDirectoryGrain Directory => grains.GetGrain<ISagaDirectoryGrain>(0);

    /// <summary>Refused with 600001 when there is none.</summary>
    public Task<Result<SagaView>> Get(string gid, Patience patience) => patience.Insist(() => Directory.Get(Check(gid)));

    public Task<ListPage<SagaView>> List(string? status, bool? isParked, string? after, int limit, Patience patience)
    {
        if (status is not null && !s_statuses.Contains(status))
            throw new ProblemException(Problem.BadField("status", $"must be one of {string.Join(", ", s_statuses)}"));
        var place = Paging.Place(after, isNumbered: false);
        return patience.Insist(() => Directory.List(status, isParked, place, limit));
    }

    /// <summary>Likewise, each with its branches and barrier rows.</summary>
    public async Task<ListPage<SagaView>> ListWhole(string? status, bool? isParked, string? after, int limit, Patience patience)
    {
        var page = await List(status, isParked, after, limit, patience);
        return page with { Items = [.. await Task.WhenAll(page.Items.Select(WholeAsync))] };

        // One may have been cleaned up since.
        async Task<SagaView> WholeAsync(SagaView saga) => (await Get(saga.Gid, patience)).Value ?? saga;
    }

    /// <summary>Tries again now. Refused with 600001 or 600002.</summary>
    /// <returns>The saga, a moment later.</returns>
    public Task<Result<SagaView>> Retry(Caller caller, string gid, string? key, Patience patience)
    {
        var idempotency = key.ToIdempotency(caller.UserId, $"retry {Check(gid)}");
        return patience.Ask(key is not null, () => Directory.Retry(gid, idempotency), makes: true);
    }

    /// <summary>Compensates a saga that has not ended. Refused with 600001 or 600002.</summary>
    /// <returns>The saga, a moment later.</returns>
    public Task<Result<SagaView>> Abort(Caller caller, string gid, string? key, Patience patience)
    {
        var idempotency = key.ToIdempotency(caller.UserId, $"abort {Check(gid)}");
        return patience.Ask(key is not null, () => Directory.Abort(gid, idempotency), makes: true);
    }

    private static string Check(string gid)
    {
        var checks = new FieldChecks();
        checks.Text("gid", gid, 1, MaxGid);
        checks.ThrowIfAny();
        return gid;
    }
}
