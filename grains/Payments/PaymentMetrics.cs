using System.Diagnostics.Metrics;

namespace Mall.Payments;

/// <summary>What payments tell of themselves, in the mall's meter, once it is committed.</summary>
public sealed class PaymentMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _payments;
    private readonly Counter<long> _alarms;

    public PaymentMetrics(IMeterFactory? factory = null)
    {
        const string name = "mall";
        _meter = factory?.Create(new MeterOptions(name)) ?? new Meter(name);
        _payments = _meter.CreateCounter<long>("payments", "{payment}", "Payments, by what became of them.");
        _alarms = _meter.CreateCounter<long>(
            "payments.alarms", "{alarm}", "Reports of providers that somebody should look at, by what is odd.");
    }

    /// <summary>Its provider waits for the customer, for the first time or once more.</summary>
    public void Opened() => Became("opened");

    public void Reported(bool hasSucceeded) => Became(hasSucceeded ? "succeeded" : "failed");

    public void Refunded() => Became("refunded");

    public void AmountDiffered() => _alarms.Add(1, new KeyValuePair<string, object?>("kind", "amount"));

    public void PaidTooLate() => _alarms.Add(1, new KeyValuePair<string, object?>("kind", "late"));

    public void Dispose() => _meter.Dispose();

    private void Became(string outcome) => _payments.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
