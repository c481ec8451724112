namespace Mall.Runtime;

/// <summary>A request to a method that returns <see cref="Task"/>.</summary>
public abstract class VoidTaskRequest : GrainRequest<Nothing>
{
    /// <summary>Calls the method.</summary>
    protected abstract Task InvokeMethod(object grain);

    private protected sealed override Task? Invoke(object grain)
    {
        var task = InvokeMethod(grain);
        return task.IsCompletedSuccessfully ? null : task;
    }

    private protected sealed override void TakeResult(Task task) { }

    /// <summary>There is no result to write.</summary>
    protected sealed override void WriteResult(ref WireWriter writer, Nothing result) { }

    /// <summary>There is no result to read.</summary>
    protected sealed override Nothing ReadResultValue(ref WireReader reader) => default;
}
