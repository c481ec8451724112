namespace Mall.Sagas;

/// <summary>
/// One branch of a saga: what it does and, beside it, how that is undone. Both are grain calls under (gid, branch id), so
/// both may be repeated.
/// </summary>
/// <param name="Id">Two digits or more, unique within the saga.</param>
/// <param name="Target">What it calls, for operators: <c>product/7 DecrStock</c>.</param>
/// <param name="Action">Answers null when done, or the refusal. An exception means unknown or failed: it is called again.</param>
/// <param name="Compensation">
/// Undoes the action if it happened, and keeps it from happening if it has not. Told why the saga aborts. Never refuses.
/// </param>
/// <param name="After">Ids of the branches that must have succeeded before this one starts; others run in parallel.</param>
public sealed record SagaBranch(
    string Id, string Target, Func<Task<Refusal?>> Action, Func<Refusal, Task> Compensation, params string[] After);
