namespace Mall.Tests.Hosting;

/// <summary>What is bound to come, by the test's patience at the latest: the deadline only ends a test that has failed.</summary>
internal static class Timely
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <exception cref="TimeoutException">It did not come; the message says what.</exception>
    public static async Task<T> Await<T>(Task<T> task, string what)
    {
        try
        {
            return await task.WaitAsync(s_patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"No {what} came within {s_patience}.");
        }
    }
}
