using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Mall.TestServers;

/// <summary>
/// A network between clients and a server on the loopback that does what networks do: holds bytes back in one direction or both,
/// delivers them late, cuts connections, refuses new ones.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Link, bool> _links = [];
    private readonly Gate _requests = new();
    private readonly Gate _replies = new();
    private readonly Task _accepting;
    private Gate? _last;
    private int _roundTrips;

    /// <param name="target">The server's port.</param>
    public TcpProxy(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect to, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>While true, new connections are cut at once.</summary>
    public bool RefusesConnections { get; set; }

    /// <summary>Every piece takes this long, in each direction. Default: none.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How often what a client sent came after something that the server sent.</summary>
    public int RoundTrips => Volatile.Read(ref _roundTrips);

    /// <summary>From now on what clients send is kept here. Completes when there is something.</summary>
    public Task HoldRequestsAsync() => _requests.CloseAsync();

    /// <summary>Delivers what was kept, also for clients that have gone meanwhile.</summary>
    public void ReleaseRequests() => _requests.Open();

    /// <summary>From now on what the server sends is kept here. Completes when there is something.</summary>
    public Task HoldRepliesAsync() => _replies.CloseAsync();

    public void ReleaseReplies() => _replies.Open();

    /// <summary>Resets every connection; what is kept here is lost.</summary>
    public void Cut()
    {
        foreach (var link in _links.Keys) link.Cut();
    }

    /// <summary>
    /// Resets the clients' ends only: the server does not notice, and what is kept here for it can still be released.
    /// </summary>
    public void CutClients()
    {
        foreach (var link in _links.Keys) link.CutClient();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        _requests.Open();
        _replies.Open();
        Cut();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        var link = new Link(client, new TcpClient { NoDelay = true });
        client.NoDelay = true;
        _links.TryAdd(link, true);
        try
        {
            if (RefusesConnections) return;
            await link.Server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAll(PumpAsync(client, link.Server, _requests), PumpAsync(link.Server, client, _replies));
        }
        catch (SocketException)
        {
            // The server is not there: so the client's connection ends, too.
        }
        finally
        {
            link.Cut();
            _links.TryRemove(link, out _);
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, Gate gate)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var count)
            {
                if (Interlocked.Exchange(ref _last, gate) != gate && gate == _requests) Interlocked.Increment(ref _roundTrips);
                await gate.PassAsync();
                if (Delay > TimeSpan.Zero) await Task.Delay(Delay);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }

            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception broken)
            when (broken is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut on purpose or by one of the two. A client that is gone does not end the server's side before its last bytes are
            // there.
            if (gate == _replies) return;
            try
            {
                await gate.PassAsync();
                to.Close();
            }
            catch (ObjectDisposedException)
            {
                // Cut meanwhile.
            }
        }
    }

    private sealed record Link(TcpClient Client, TcpClient Server)
    {
        public void Cut()
        {
            Reset(Client);
            Reset(Server);
        }

        public void CutClient() => Reset(Client);

        private static void Reset(TcpClient end)
        {
            try
            {
                end.LingerState = new LingerOption(true, 0);
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException or NullReferenceException)
            {
                // Closed already.
            }

            end.Dispose();
        }
    }

    private sealed class Gate
    {
        private volatile TaskCompletionSource? _closed;
        private TaskCompletionSource _waited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task CloseAsync()
        {
            _waited = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waited.Task;
        }

        public void Open()
        {
            _closed?.TrySetResult();
            _closed = null;
        }

        public async Task PassAsync()
        {
            while (_closed is { } closed)
            {
                _waited.TrySetResult();
                await closed.Task;
            }
        }
    }
}
