namespace Mall.Runtime;

/// <summary>A request to a method that returns <see cref="ValueTask{TResult}"/>.</summary>
public abstract class ValueTaskRequest<TResult> : GrainRequest<TResult>
{
    /// <summary>Calls the method.</summary>
    protected abstract ValueTask<TResult> InvokeMethod(object grain);

    private protected sealed override Task? Invoke(object grain)
    {
        var task = InvokeMethod(grain);
        if (!task.IsCompletedSuccessfully) return task.AsTask();
        Result = task.Result;
        return null;
    }

    private protected sealed override void TakeResult(Task task) => Result = ((Task<TResult>)task).Result;
}
