namespace Mall.Runtime;

/// <summary>
/// Something an activation does in a turn: a request to it, a reply to one of its own requests, or the continuation of an await.
/// An item is in one list at a time, so the link is part of it and queueing allocates nothing.
/// </summary>
public abstract class MailboxItem
{
    private protected MailboxItem() { }

    /// <summary>The item behind this one in the list that holds it.</summary>
    internal MailboxItem? Next;

    /// <summary>Number of items in the inbox when this one came in, itself included; see <see cref="Inbox"/>.</summary>
    internal int Depth;

    /// <summary>Runs on the activation's turn. Must not throw.</summary>
    internal abstract void Run(Activation activation);
}
