using System.Diagnostics.Metrics;

namespace Mall.Api.Dashboard;

/// <summary>
/// How many requests this front door has answered and how long they took, over the last fifteen minutes, for the charts. It
/// listens to ASP.NET Core's own instrument: a request costs two additions.
/// </summary>
internal sealed class RequestLog : IHostedService, IDisposable
{
    /// <summary>What a point of a chart stands for.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private const int Steps = 90;

    // Upper bounds of durations in seconds, each 1.5 times the one before: a percentile is off by a quarter at most.
    private static readonly double[] s_bounds = [.. Enumerable.Range(0, 32).Select(i => 0.0001 * Math.Pow(1.5, i))];

    private readonly TimeProvider _time;
    private readonly MeterListener _listener = new();
    private readonly Bucket[] _ring = [.. Enumerable.Range(0, Steps + 1).Select(_ => new Bucket())];
    private readonly Lock _turn = new();

    public RequestLog(TimeProvider time, IMeterFactory meters)
    {
        _time = time;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Another mall in this process has meters of its own.
            if (instrument.Name == "http.server.request.duration" && instrument.Meter.Scope == meters)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) => Note(seconds, tags));
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener.Dispose();

    /// <summary>The last fifteen minutes, oldest first, without the step that is under way.</summary>
    public IReadOnlyList<RequestStep> Read()
    {
        var now = Number();
        return [.. Enumerable.Range(0, Steps).Select(i => _ring[(now - Steps + i) % _ring.Length].Read(now - Steps + i))];
    }

    private long Number() => _time.GetUtcNow().Ticks / Step.Ticks;

    private void Note(double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var isFailure = false;
        foreach (var (name, value) in tags)
        {
            if (name == "http.response.status_code" && value is >= 500) isFailure = true;
            if (name == "http.route" && value is string route && route.StartsWith("/dashboard", StringComparison.Ordinal)) return;
        }

        var number = Number();
        var bucket = _ring[number % _ring.Length];
        if (Volatile.Read(ref bucket.Number) != number)
            lock (_turn) bucket.Begin(number);
        var slot = Array.BinarySearch(s_bounds, seconds);
        Interlocked.Increment(ref bucket.Counts[slot < 0 ? ~slot : slot]);
        if (isFailure) Interlocked.Increment(ref bucket.Failures);
    }

    private sealed class Bucket
    {
        public readonly int[] Counts = new int[s_bounds.Length + 1];
        public long Number;
        public int Failures;

        public void Begin(long number)
        {
            if (Number == number) return;
            Array.Clear(Counts);
            Failures = 0;
            Volatile.Write(ref Number, number);
        }

        public RequestStep Read(long number)
        {
            if (Volatile.Read(ref Number) != number) return new(0, 0, 0, 0);
            var total = Counts.Sum();
            return new(total / Step.TotalSeconds, Failures / Step.TotalSeconds, Percentile(total, 0.5), Percentile(total, 0.99));
        }

        private double Percentile(int total, double share)
        {
            var rank = total * share;
            for (var i = 0; i < Counts.Length; i++)
                if ((rank -= Counts[i]) <= 0 && total > 0) return 1000 * s_bounds[Math.Min(i, s_bounds.Length - 1)];
            return 0;
        }
    }
}

/// <param name="Rate">Requests a second.</param>
/// <param name="Failures">Of these, those that failed here (5xx).</param>
/// <param name="MedianMs">Milliseconds.</param>
/// <param name="P99Ms">Milliseconds.</param>
public sealed record RequestStep(double Rate, double Failures, double MedianMs, double P99Ms);
