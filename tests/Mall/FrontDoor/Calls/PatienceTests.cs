using Mall.Api.Calls;
using Mall.Tests.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Mall.Tests.FrontDoor.Calls;

/// <summary>How requests wait for grains that are slow, dead or silent, on a clock that stands until it is moved.</summary>
public sealed class PatienceTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(25);

    private readonly Clock _clock = new();
    private readonly List<TaskCompletionSource<string>> _sent = [];
    private readonly CancellationTokenSource _client = new();

    [Fact]
    public async Task Insist_WhenTheAnswerComesInTime_AsksOnce()
    {
        var answer = Patient().Insist(Send);
        await PassAsync(Patience.Overdue - TimeSpan.FromMilliseconds(1), timer: 1);
        _sent[0].SetResult("in time");

        Assert.Equal("in time", await answer);
        Assert.Single(_sent);
    }

    [Fact]
    public async Task Insist_WhenTheAnswerIsOverdue_AsksAgainEachTimeAndTakesTheFirstThatComes()
    {
        var answer = Patient().Insist(Send);
        for (var timer = 1; timer <= 3; timer++)
            await PassAsync(Patience.Overdue, timer);
        await SentAsync(4);

        _sent[1].SetResult("the second");
        Assert.Equal("the second", await answer);
        _sent[0].SetException(new InvalidOperationException("Nobody looks at it."));
        Assert.Equal(4, _sent.Count);
    }

    [Theory]
    [InlineData(false, true, "granted")]
    [InlineData(true, true, "refused")]
    [InlineData(false, false, "refused")]
    public async Task Insist_OnWhatMakesSomething_BelievesAnOpenRefusalOnlyOfTheLastCall(bool isSealed, bool makes, string heard)
    {
        var sent = new List<TaskCompletionSource<Result<string>>>();
        var answer = Patient().Insist(
            () =>
            {
                var call = new TaskCompletionSource<Result<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
                lock (sent) sent.Add(call);
                return call.Task;
            },
            makes);
        await PassAsync(Patience.Overdue, timer: 1);
        await TestMall.EventuallyAsync(() => { lock (sent) return Task.FromResult(sent.Count == 2); }, "it is sent again");

        sent[1].SetResult(Result.Refused(ErrorCodes.ProductOffSale, "refused") with { IsSealed = isSealed });
        if (heard == "granted")
        {
            await PassAsync(TimeSpan.Zero, timer: 3); // It waits for the first.
            sent[0].SetResult("granted");
        }

        var result = await answer;
        Assert.Equal(heard, result.Value ?? result.Refusal?.Detail);
    }

    public static TheoryData<Exception> Lost { get; } =
    [
        new StaleActivationException(), new SiloUnavailableException(), new OrleansException("something else"),
    ];

    [Theory]
    [MemberData(nameof(Lost))]
    public async Task Insist_WhenTheGrainIsLost_AsksAgainAfterPausesThatDouble(Exception lost)
    {
        var answer = Patient().Insist(Send);
        var pause = Patience.MinPause;
        for (var asked = 1; asked <= 6; asked++)
        {
            await SentAsync(asked);
            if (asked > 1) await PassAsync(TimeSpan.Zero, timer: (2 * asked) - 1); // It is waited for.
            _sent[asked - 1].SetException(lost);
            await PassAsync(pause, timer: 2 * asked);
            pause = pause * 2 < Patience.MaxPause ? pause * 2 : Patience.MaxPause;
        }

        await SentAsync(7);
        _sent[6].SetResult("at last");
        Assert.Equal("at last", await answer);
    }

    [Fact]
    public async Task Insist_WhenOrleansGivesTheCallUp_AsksAgain()
    {
        var answer = Patient().Insist(async () => await Send()); // A method that ends by this exception counts as cancelled.
        _sent[0].SetException(new OperationCanceledException("Message expired before placement could complete."));
        await PassAsync(Patience.MinPause, timer: 2);
        await SentAsync(2);
        _sent[1].SetException(new OperationCanceledException("Message expired before placement could complete."));
        await PassAsync(2 * Patience.MinPause, timer: 4);
        await SentAsync(3);
        _sent[2].SetResult("at last");
        Assert.Equal("at last", await answer);
    }

    [Fact]
    public async Task Insist_WhenTheGrainStaysLostUntilTheLimit_SaysSoAndNotThatTimeHasPassed()
    {
        var answer = Patient(TimeSpan.FromMilliseconds(100)).Insist(Send);
        _sent[0].SetException(new SiloUnavailableException("dead"));
        await PassAsync(Patience.MinPause, timer: 2);
        await SentAsync(2);
        _sent[1].SetException(new SiloUnavailableException("still dead"));
        await PassAsync(Patience.MinPause, timer: 4);

        Assert.Equal("still dead", (await Assert.ThrowsAsync<SiloUnavailableException>(() => answer)).Message);
    }

    [Fact]
    public async Task Insist_WhenARepeatIsNotLetIn_GoesOnForTheSakeOfTheFirst_WhichMayHaveBeen()
    {
        var answer = Patient().Insist(Send);
        _sent[0].SetException(new SiloUnavailableException("dead"));
        await PassAsync(Patience.MinPause, timer: 2);
        await SentAsync(2);
        _sent[1].SetException(new TooBusyException("The queue is full."));
        await PassAsync(Patience.MinPause * 2, timer: 4);
        await SentAsync(3);
        _sent[2].SetResult("at last");
        Assert.Equal("at last", await answer);
    }

    [Fact]
    public async Task Insist_WhenTheAnswerComesJustAsItIsOverdue_HearsIt()
    {
        var (before, slow) = (SynchronizationContext.Current, new Slow());
        SynchronizationContext.SetSynchronizationContext(slow);
        var answer = Patient().Insist(Send);
        SynchronizationContext.SetSynchronizationContext(before);
        await PassAsync(Patience.Overdue, timer: 1);
        await TestMall.EventuallyAsync(() => Task.FromResult(slow.IsAsked), "the wait is over");

        _sent[0].SetResult("just then");
        while (!answer.IsCompleted) slow.Run();
        Assert.Equal("just then", await answer);
        Assert.Single(_sent);
    }

    /// <summary>Goes on with what waits in it when it is told to.</summary>
    private sealed class Slow : SynchronizationContext
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<Action> _waiting = [];

        public bool IsAsked => !_waiting.IsEmpty;

        public override void Post(SendOrPostCallback next, object? state) => _waiting.Enqueue(() => next(state));

        public void Run()
        {
            if (_waiting.TryDequeue(out var next)) next();
        }
    }

    public static TheoryData<Exception> Final { get; } =
    [
        new LimitExceededException(), new TooBusyException(), new StorageUnavailableException(), new InvalidOperationException(),
        new TimeoutException(),
    ];

    [Theory]
    [MemberData(nameof(Final))]
    public async Task Insist_WhenTheFailureIsAnAnswer_DoesNotAskAgain(Exception failure)
    {
        var answer = Patient().Insist(Send);
        _sent[0].SetException(failure);

        Assert.Same(failure, await Assert.ThrowsAnyAsync<Exception>(() => answer));
        Assert.Single(_sent);
    }

    [Fact]
    public async Task Insist_WhenOneOfTwoCallsTimesOut_WaitsForTheOther()
    {
        var answer = Patient().Insist(Send);
        await PassAsync(Patience.Overdue, timer: 1);
        await SentAsync(2);
        _sent[0].SetException(new TimeoutException());
        _sent[1].SetResult("the other");
        Assert.Equal("the other", await answer);
    }

    [Fact]
    public async Task Insist_WhenNobodyEverAnswers_GivesUpAtTheLimit()
    {
        var answer = Patient().Insist(Send);
        var overdue = (int)(s_limit / Patience.Overdue);
        for (var timer = 1; timer <= overdue; timer++)
            await PassAsync(Patience.Overdue, timer);
        await PassAsync(s_limit - (overdue * Patience.Overdue), timer: overdue + 1);
        await Assert.ThrowsAsync<TimeoutException>(() => answer);
        Assert.Equal(overdue + 1, _sent.Count);
    }

    [Fact]
    public async Task Insist_WhenTheClientGoes_StopsWaiting()
    {
        var answer = Patient().Insist(Send);
        await PassAsync(Patience.Overdue, timer: 1);
        await SentAsync(2);
        await _client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Equal(2, _sent.Count);
    }

    [Fact]
    public async Task Once_WhateverHappens_AsksOnce()
    {
        var slow = Patient().Once(Send);
        await PassAsync(s_limit, timer: 1);
        await Assert.ThrowsAsync<TimeoutException>(() => slow);

        var lost = Patient().Ask(isRepeatable: false, Send);
        _sent[1].SetException(new SiloUnavailableException());
        await Assert.ThrowsAsync<SiloUnavailableException>(() => lost);
        Assert.Equal(2, _sent.Count);
    }

    public void Dispose() => _client.Dispose();

    private Patience Patient(TimeSpan? limit = null) => new(limit ?? s_limit, _clock, _client.Token);

    private Task<string> Send()
    {
        var call = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_sent) _sent.Add(call);
        return call.Task;
    }

    private Task SentAsync(int count) => TestMall.EventuallyAsync(
        () => { lock (_sent) return Task.FromResult(_sent.Count >= count); }, $"call {count} is sent");

    /// <summary>Moves the clock as soon as this timer, of those that are set one after the other, has been set.</summary>
    private async Task PassAsync(TimeSpan time, int timer)
    {
        await TestMall.EventuallyAsync(() => Task.FromResult(_clock.Timers >= timer), $"timer {timer} is set");
        _clock.Advance(time);
    }

    private sealed class Clock : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
