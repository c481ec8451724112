namespace Mall.Transactions;

/// <summary>A topic: where a message's step <c>topic://name</c> goes. The key is its name.</summary>
[Alias("mall.ITopicGrain")]
public interface ITopicGrain : IGrainWithStringKey
{
    /// <summary>Failure when that target has subscribed already.</summary>
    [Alias("Subscribe")]
    Task<TransactionReply> Subscribe(Subscriber subscriber);

    /// <summary>Failure when it has not.</summary>
    [Alias("Unsubscribe")]
    Task<TransactionReply> Unsubscribe(string target);

    /// <summary>Failure when there is no such topic.</summary>
    [Alias("Remove")]
    Task<TransactionReply> Remove();
}

/// <summary>Reads topics from the database. Key 0.</summary>
[Alias("mall.ITopicDirectoryGrain")]
public interface ITopicDirectoryGrain : IGrainWithIntegerKey
{
    /// <param name="name">Null for all, at most a thousand of them.</param>
    [Alias("Find"), ReadOnly]
    Task<ImmutableArray<KeyValueView>> Find(string category, string? name);

    /// <summary>The newest first.</summary>
    [Alias("List"), ReadOnly]
    Task<ListPage<KeyValueView>> List(string category, ListPlace? after, int limit);
}

[GenerateSerializer, Immutable, Alias("mall.Subscriber")]
public sealed record Subscriber(string Target, string Remark);

/// <summary>What is kept under a name.</summary>
/// <param name="Value">Of category topics: its subscribers, as JSON.</param>
/// <param name="Version">From 1, one more with each change.</param>
[GenerateSerializer, Immutable, Alias("mall.KeyValueView")]
public sealed record KeyValueView(
    string Category, string Name, string Value, long Version, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
