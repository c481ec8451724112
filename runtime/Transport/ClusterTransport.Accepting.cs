namespace Mall.Runtime;

/// <content>Those who dial this silo.</content>
public sealed partial class ClusterTransport
{
    /// <summary>
    /// Connections that may be in their handshake at once: strangers get no more memory than this many messages.
    /// </summary>
    private const int MaxHandshakes = 256;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan RefusalLogPause = TimeSpan.FromSeconds(5);

    private int _handshakes;
    private long _refusalLoggedAt;

    private async Task AcceptAsync()
    {
        while (!_isStopped)
        {
            try
            {
                var stream = await _listener!.AcceptAsync(_stopping.Token);
                if (Interlocked.Increment(ref _handshakes) <= MaxHandshakes) _ = WelcomeAsync(stream);
                else await TurnAwayAsync(stream);
            }
            catch (Exception) when (_isStopped)
            {
                return;
            }
            catch (Exception exception) // A loop's edge: out of sockets, perhaps. It goes on when there are some.
            {
                _log.AcceptFailed(exception.Message);
                await Task.Delay(AcceptPause, _time);
            }
        }
    }

    private async Task TurnAwayAsync(Stream stream)
    {
        Interlocked.Decrement(ref _handshakes);
        await stream.DisposeAsync();
    }

    /// <summary>From the handshake to the end of the connection. Never fails.</summary>
    private async Task WelcomeAsync(Stream accepted)
    {
        await using var _ = accepted;
        try
        {
            var (stream, peer) = await ShakeHandsAsync(accepted);
            var link = new Link(stream, peer, Around);
            // A peer that dials again has given up its earlier connection, whether or not this side has noticed.
            _accepted.AddOrUpdate(peer, link, (_, earlier) => Replace(earlier, link));
            if (_isStopped) link.Close(new SiloUnavailableException("This process stops."));
            _log.Accepted(peer);
            var reason = await link.RunAsync();
            _accepted.TryRemove(KeyValuePair.Create(peer, link));
            _log.AcceptedEnded(peer, reason.Message);
        }
        catch (HandshakeException exception)
        {
            _metrics.Refused(exception.Refusal);
            LogRefusal(exception);
        }
        catch (Exception exception) // A loop's edge: a stranger who says nothing, or hangs up, concerns nobody else.
        {
            _log.CallerFailed(Refusal.None, exception.Message);
        }
    }

    private async Task<(Stream Stream, SiloAddress Peer)> ShakeHandsAsync(Stream stream)
    {
        using var patience = new CancellationTokenSource(_options.ConnectTimeout, _time);
        try
        {
            if (_options.Certificate is { } certificate)
                stream = await TlsStreams.AcceptAsync(stream, certificate, patience.Token);
            var peer = await _handshake.AcceptAsync(
                stream, _membership.Self, _membership.MayServe && !_isStopped, patience.Token);
            return (stream, peer);
        }
        finally
        {
            Interlocked.Decrement(ref _handshakes);
        }
    }

    /// <summary>
    /// What somebody has to mend is an alarm, but whoever keeps trying is told of once in a while: no stranger may fill the log.
    /// </summary>
    private void LogRefusal(HandshakeException exception)
    {
        if (!exception.IsPermanent)
        {
            _log.CallerFailed(exception.Refusal, exception.Message);
            return;
        }

        var last = Interlocked.Read(ref _refusalLoggedAt);
        if (last != 0 && _time.GetElapsedTime(last) < RefusalLogPause) return;
        if (Interlocked.CompareExchange(ref _refusalLoggedAt, _time.GetTimestamp(), last) == last)
            _log.RefusedCaller(exception.Refusal, exception.Message);
    }

    private static Link Replace(Link earlier, Link link)
    {
        earlier.Close(new SiloUnavailableException($"{link.Peer} has connected anew."));
        return link;
    }

    private sealed class Acceptor(ClusterTransport transport) : IThreadPoolWorkItem
    {
        public void Execute() => _ = transport.AcceptAsync();
    }
}
