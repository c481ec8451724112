using System.Globalization;
using System.Text.Json;
using Mall.Transactions.Client.Servers;

namespace Mall.Transactions.Client;

/// <summary>Steps that all happen, or are compensated in reverse.</summary>
public sealed class Saga
{
    private readonly List<TransactionStep> _steps = [];
    private readonly Dictionary<string, int[]> _orders = [];
    private readonly ITransactionServer _server;
    private readonly string _gid;
    private readonly TransactionOptions _options;

    internal Saga(ITransactionServer server, string gid, TransactionOptions? options) =>
        (_server, _gid, _options) = (server, gid, options ?? new());

    /// <summary>Steps wait only for those that <see cref="After"/> says. Default: one after the other.</summary>
    public bool IsConcurrent { get; set; }

    /// <summary>Adds a step; both its targets are called with the payload as JSON.</summary>
    /// <param name="compensate">Empty: there is nothing to be undone.</param>
    public Saga Add(string action, string compensate, object payload) =>
        Add(action, compensate, TransactionClient.Payload(payload));

    /// <summary>Adds a step; both its targets are called with this message as it is.</summary>
    /// <inheritdoc cref="Add(string, string, object)"/>
    public Saga Add(string action, string compensate, byte[] message)
    {
        _steps.Add(new TransactionStep(action, compensate, message));
        return this;
    }

    /// <summary>Of a concurrent saga: the step that was added last begins when these, from 0, have succeeded.</summary>
    public Saga After(params int[] steps)
    {
        IsConcurrent = true;
        _orders[(_steps.Count - 1).ToString(CultureInfo.InvariantCulture)] = steps;
        return this;
    }

    /// <summary>Idempotent by its gid.</summary>
    public Task<TransactionAnswer> SubmitAsync(CancellationToken cancellationToken = default) => _server.SendAsync(
        "submit",
        new TransactionRequest(_gid, "saga")
        {
            Steps = _steps, Options = _options,
            CustomData = IsConcurrent ? JsonSerializer.Serialize(new { concurrent = true, orders = _orders }) : null,
        },
        cancellationToken);
}
