using System.Collections.Concurrent;
using System.Net;
using Mall.Tests.Payments;

namespace Mall.Tests.Dashboard;

/// <summary>An adapter that refuses to give money back, until it is mended.</summary>
internal sealed class StubbornAdapter : StubAdapter
{
    private readonly ConcurrentDictionary<long, bool> _mended = [];

    public void MendFor(long paymentId) => _mended[paymentId] = true;

    protected override int Answer(HttpListenerRequest call, byte[] body, long paymentId) =>
        call.Url!.AbsolutePath == "/refund" && !_mended.ContainsKey(paymentId) ? 400 : 200;
}
