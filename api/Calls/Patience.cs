using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Hosting;

namespace Mall.Api.Calls;

/// <summary>
/// How long one request waits for grains, and how. Giving up stops the waiting and nothing else: the calls go on, and their
/// outcome is unknown to whoever gave up. What may be repeated is repeated, so that a client notices the death of a silo as a
/// pause of a second or two and not as a timeout.
/// </summary>
/// <param name="limit">From now; the deadline of the client or of the server, whichever is sooner.</param>
/// <param name="clock">Measures it.</param>
/// <param name="clientGone">Fires when nobody waits for the answer any more.</param>
/// <param name="stopping">
/// Fires when this process is to end. What is lost then is not sent again: the silo that it is lost to may be this very process.
/// </param>
internal sealed class Patience(
    TimeSpan limit, TimeProvider clock, CancellationToken clientGone, CancellationToken stopping = default)
{
    /// <summary>An answer that takes longer is overdue: the call is sent again beside the first.</summary>
    public static readonly TimeSpan Overdue = TimeSpan.FromMilliseconds(1200);

    /// <summary>The pause before a call that has lost its grain is sent again; it doubles up to <see cref="MaxPause"/>.</summary>
    public static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(50);

    public static readonly TimeSpan MaxPause = TimeSpan.FromMilliseconds(500);

    // Timers know nothing shorter: what is left below it passes in no time, and the call would be sent again and again meanwhile.
    private static readonly TimeSpan s_shortestWait = TimeSpan.FromMilliseconds(1);

    private readonly long _begun = clock.GetTimestamp();

    /// <summary>Fires when nobody waits for the answer any more.</summary>
    public CancellationToken ClientGone => clientGone;

    private TimeSpan Left => limit - clock.GetElapsedTime(_begun);

    /// <summary>The patience of a request: what gRPC has granted it, else what the server grants any.</summary>
    public static Patience Of(HttpContext http) =>
        http.Features.Get<Patience>() ?? Of(http, http.RequestServices.GetRequiredService<ApiOptions>().WaitLimit);

    /// <summary>The same for a request that is granted another time.</summary>
    public static Patience Of(HttpContext http, TimeSpan limit) => new(
        limit,
        http.RequestServices.GetRequiredService<TimeProvider>(),
        http.RequestAborted,
        http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);

    /// <summary>Lets a REST handler ask for it as a parameter.</summary>
    public static ValueTask<Patience?> BindAsync(HttpContext http) => new(Of(http));

    /// <summary>A call that may be repeated or not, as it turned out.</summary>
    /// <param name="makes">As in <see cref="Insist"/>.</param>
    public Task<T> Ask<T>(bool isRepeatable, Func<Task<T>> call, bool makes = false) =>
        isRepeatable ? Insist(call, makes) : Once(call);

    /// <summary>A call that may take effect twice when it is sent twice: it is waited for, and that is all.</summary>
    /// <exception cref="TimeoutException">The limit has passed.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task<T> Once<T>(Func<Task<T>> call)
    {
        var answer = call();
        try
        {
            return await Wait(answer, Left);
        }
        finally
        {
            Abandon(answer);
        }
    }

    /// <summary>
    /// A call that takes effect once however often it is sent: a read, or a write under a key. It is sent again at once when its
    /// grain is lost, and beside the calls under way when they are overdue; the first answer counts.
    /// </summary>
    /// <param name="call">Sends it.</param>
    /// <param name="makes">
    /// It makes something. What one call is refused, another that is under way may then be granted; so, unless it is durable, a
    /// refusal counts when no other call is left.
    /// </param>
    /// <exception cref="TimeoutException">The limit has passed without an answer.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task<T> Insist<T>(Func<Task<T>> call, bool makes = false)
    {
        // Nearly every call is answered in time, and pays for no more than the wait.
        var first = call();
        try
        {
            return await Wait(first, Left < Overdue ? Left : Overdue);
        }
        catch (TimeoutException overdue) when (first.Exception?.InnerException != overdue && Left > TimeSpan.Zero)
        {
            // The wait's, and not the call's, which may have been answered since.
        }
        catch (Exception lost) when (
            first.IsCompleted && lost.LostItsGrain() && Left > TimeSpan.Zero && !stopping.IsCancellationRequested)
        {
        }
        finally
        {
            Abandon(first);
        }

        return await Repeat(call, first, makes);
    }

    private async Task<T> Repeat<T>(Func<Task<T>> call, Task<T> first, bool makes)
    {
        List<Task<T>> underWay = [first];
        var pause = MinPause;
        var next = first.IsCompleted ? pause : TimeSpan.Zero; // until the call is sent again
        var lost = FailureOf(first);
        while (true)
        {
            underWay.RemoveAll(static sent => FailureOf(sent) is not null);
            if (await Ended(underWay, next) is { } ended)
            {
                if (makes && underWay.Count > 1 && IsOpenRefusal(ended))
                {
                    underWay.Remove(ended);
                    next = limit;
                    continue;
                }

                if (FailureOf(ended) is not { } failure || !IsForgotten(failure, underWay.Count > 1)
                    || stopping.IsCancellationRequested)
                    return await ended;
                if (!IsBusy(failure)) lost = failure;
                next = pause;
                pause = pause * 2 < MaxPause ? pause * 2 : MaxPause;
                continue;
            }

            if (Left < s_shortestWait)
            {
                // What a lost call said is more than that time has passed.
                if (lost is not null) ExceptionDispatchInfo.Throw(lost);
                throw new TimeoutException("The time for this request has passed.");
            }

            var again = call();
            Abandon(again);
            underWay.Add(again);
            next = Overdue;
        }
    }

    // What Orleans gives up before it has found a place for it ends as cancelled.
    private static Exception? FailureOf(Task call) =>
        call.IsCanceled ? new TaskCanceledException(call) : call.Exception?.InnerException;

    private static bool IsOpenRefusal<T>(Task<T> ended) =>
        ended is { IsCompletedSuccessfully: true, Result: IRefusable { Refusal.IsSealed: false } };

    /// <summary>
    /// A timeout of one call says nothing of the others that are under way. Nor does it that another was not let in: the first,
    /// which was lost, may have been, so nobody is told that nothing was done.
    /// </summary>
    private static bool IsForgotten(Exception failure, bool areOthersUnderWay) =>
        failure.LostItsGrain() || IsBusy(failure) || (failure is TimeoutException && areOthersUnderWay);

    private static bool IsBusy(Exception failure) => failure is TooBusyException or LimitExceededException;

    /// <summary>The first call that has ended within this time, or null when none has.</summary>
    private async Task<Task<T>?> Ended<T>(List<Task<T>> underWay, TimeSpan time)
    {
        var left = Left;
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        var timer = Task.Delay(time < left ? time : left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, answered.Token);
        var ended = await Task.WhenAny([.. underWay, timer]);
        answered.Cancel(); // CancelAsync would go through the thread pool, past a simulation.
        clientGone.ThrowIfCancellationRequested();
        return ended as Task<T>;
    }

    private Task<T> Wait<T>(Task<T> answer, TimeSpan time) =>
        answer.IsCompleted ? answer : answer.WaitAsync(time > TimeSpan.Zero ? time : TimeSpan.Zero, clock, clientGone);

    /// <summary>A call that was given up may fail later: its exception is nobody's, and is not reported as unobserved.</summary>
    private static void Abandon(Task call)
    {
        if (call.IsCompletedSuccessfully) return;
        call.ContinueWith(
            static failed => _ = failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }
}
