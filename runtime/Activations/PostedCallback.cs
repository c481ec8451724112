namespace Mall.Runtime;

/// <summary>The continuation of an await in a grain, on its way back to the activation.</summary>
internal sealed class PostedCallback(SendOrPostCallback callback, object? state) : MailboxItem
{
    internal override void Run(Activation activation)
    {
        try
        {
            callback(state);
        }
        catch (Exception exception) // A turn's edge: only an async void method gets here, and it must not end the process.
        {
            activation.Runtime.Log.TurnFailed(exception, activation.GrainId);
        }
    }
}
