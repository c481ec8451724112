using System.Globalization;
using Mall.Transactions.Client.Servers;

namespace Mall.Transactions.Client;

/// <summary>A TCC transaction under way.</summary>
public sealed class Tcc
{
    internal const string Type = "tcc";

    private readonly ITransactionServer _server;
    private readonly string _gid;
    private readonly TransactionOptions _options;
    private int _branches;

    internal Tcc(ITransactionServer server, string gid, TransactionOptions options) =>
        (_server, _gid, _options) = (server, gid, options);

    /// <summary>Registers a branch, and then tries it with the payload as JSON.</summary>
    /// <returns>What the try answered.</returns>
    /// <exception cref="TransactionException">No success: the transaction is to be cancelled.</exception>
    public Task<byte[]> TryAsync(string tryTarget, string confirm, string cancel, object payload,
        CancellationToken cancellationToken = default) =>
        TryAsync(tryTarget, confirm, cancel, TransactionClient.Payload(payload), cancellationToken);

    /// <summary>Registers a branch, and then tries it with this message as it is.</summary>
    /// <inheritdoc cref="TryAsync(string, string, string, object, CancellationToken)"/>
    public async Task<byte[]> TryAsync(string tryTarget, string confirm, string cancel, byte[] message,
        CancellationToken cancellationToken = default)
    {
        var branch = Interlocked.Increment(ref _branches).ToString("00", CultureInfo.InvariantCulture);
        var phases = new Dictionary<string, string> { ["confirm"] = confirm, ["cancel"] = cancel };
        (await _server.RegisterAsync(_gid, Type, branch, message, phases, cancellationToken)).EnsureSuccess();
        return await _server.CallAsync(
            new BranchCall(tryTarget, _gid, Type, branch, "try", message, _options), cancellationToken);
    }
}
