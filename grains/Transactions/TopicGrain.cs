namespace Mall.Transactions;

/// <summary>Changes one topic, a change at a time; its row is read anew for each, and its version is the fence.</summary>
public sealed class TopicGrain(GrainLedger ledger, LedgerClock clock) : Grain, ITopicGrain
{
    private string Name => this.GetPrimaryKeyString();

    public Task<TransactionReply> Subscribe(Subscriber subscriber) => ChangeAsync((row, subscribers) =>
    {
        if (subscribers.Exists(s => s.Url == subscriber.Target))
            return (null, $"{subscriber.Target} has subscribed to topic {Name} already.");
        subscribers.Add(new SubscriberRow(subscriber.Target, subscriber.Remark));
        return (Topics.Change(Name, row, subscribers, clock.GetUtcNow()), null);
    });

    public Task<TransactionReply> Unsubscribe(string target) => ChangeAsync((row, subscribers) =>
        subscribers.RemoveAll(s => s.Url == target) == 0
            ? (null, $"{target} has not subscribed to topic {Name}.")
            : (Topics.Change(Name, row, subscribers, clock.GetUtcNow()), null));

    public Task<TransactionReply> Remove() => ChangeAsync((row, _) =>
        row is null ? (null, $"There is no topic {Name}.") : (Topics.Remove(row), null));

    private async Task<TransactionReply> ChangeAsync(Func<KeyValueRow?, List<SubscriberRow>, (RowChange?, string?)> decide)
    {
        while (true)
        {
            var row = await ledger.FindAsync(Topics.ByName, Topics.Category, Name);
            var (change, refusal) = decide(row, row is null ? [] : Topics.SubscribersOf(row.View.Value));
            if (change is not { } made) return TransactionReply.Failure(refusal!);
            if (await ledger.CommitAsync(new WriteSet(made)) == CommitOutcome.Applied) return TransactionReply.Success;
        }
    }
}

/// <summary>Reads topics. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class TopicDirectoryGrain(GrainLedger ledger) : Grain, ITopicDirectoryGrain
{
    public async Task<ImmutableArray<KeyValueView>> Find(string category, string? name)
    {
        var rows = name is null
            ? await ledger.QueryAsync(Topics.All, category)
            : await ledger.QueryAsync(Topics.ByName, category, name);
        return [.. rows.Select(row => row.View)];
    }

    public async Task<ListPage<KeyValueView>> List(string category, ListPlace? after, int limit)
    {
        var place = after ?? ListPlace.End;
        var settled = await ledger.SettledAsync();
        var rows = await ledger.QueryAsync(Topics.Page, category, place.Position, place.Key, settled, limit + 1);
        return ListPages.Of(rows, limit, place, row => row.View, row => new ListPlace(row.Position, row.View.Name));
    }
}
