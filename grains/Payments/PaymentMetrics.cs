using System.Diagnostics.Metrics;

namespace Mall.Payments;

/// <summary>What payments tell of themselves, in the mall's meter.</summary>
public sealed class PaymentMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _reported;
    private readonly Counter<long> _alarms;

    public PaymentMetrics(IMeterFactory? factory = null)
    {
        const string name = "mall";
        _meter = factory?.Create(new MeterOptions(name)) ?? new Meter(name);
        _reported = _meter.CreateCounter<long>("payments.reported", "{payment}", "Payments that ended, by result.");
        _alarms = _meter.CreateCounter<long>(
            "payments.alarms", "{alarm}", "Reports of providers that somebody should look at, by what is odd.");
    }

    public void Reported(bool hasSucceeded) =>
        _reported.Add(1, new KeyValuePair<string, object?>("result", hasSucceeded ? "succeeded" : "failed"));

    public void AmountDiffered() => _alarms.Add(1, new KeyValuePair<string, object?>("kind", "amount"));

    public void PaidTooLate() => _alarms.Add(1, new KeyValuePair<string, object?>("kind", "late"));

    public void Dispose() => _meter.Dispose();
}
