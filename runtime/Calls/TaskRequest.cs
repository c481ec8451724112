namespace Mall.Runtime;

/// <summary>A request to a method that returns <see cref="Task{TResult}"/>.</summary>
public abstract class TaskRequest<TResult> : GrainRequest<TResult>
{
    /// <summary>Calls the method.</summary>
    protected abstract Task<TResult> InvokeMethod(object grain);

    private protected sealed override Task? Invoke(object grain)
    {
        var task = InvokeMethod(grain);
        if (!task.IsCompletedSuccessfully) return task;
        Result = task.Result;
        return null;
    }

    private protected sealed override void TakeResult(Task task) => Result = ((Task<TResult>)task).Result;
}
