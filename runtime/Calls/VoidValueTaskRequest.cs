namespace Mall.Runtime;

/// <summary>A request to a method that returns <see cref="ValueTask"/>.</summary>
public abstract class VoidValueTaskRequest : GrainRequest<Nothing>
{
    /// <summary>Calls the method.</summary>
    protected abstract ValueTask InvokeMethod(object grain);

    private protected sealed override Task? Invoke(object grain)
    {
        var task = InvokeMethod(grain);
        if (!task.IsCompletedSuccessfully) return task.AsTask();
        task.GetAwaiter().GetResult(); // It has ended: this returns at once, and lets a pooled source know that it is done with.
        return null;
    }

    private protected sealed override void TakeResult(Task task) { }

    /// <summary>There is no result to write.</summary>
    protected sealed override void WriteResult(ref WireWriter writer, Nothing result) { }

    /// <summary>There is no result to read.</summary>
    protected sealed override Nothing ReadResultValue(ref WireReader reader) => default;
}
