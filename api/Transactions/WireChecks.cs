using System.Text.RegularExpressions;
using Mall.Transactions;

namespace Mall.Api.Transactions;

/// <summary>From what a client sent to what it wants, or one sentence that says what is wrong with it.</summary>
internal static partial class WireChecks
{
    private const int MaxGid = 128;
    private const int MaxSteps = 1000;
    private const int MaxHeaders = 64;
    private const int MaxOrders = 10_000;
    private const long LongestSpan = 10L * 365 * 24 * 3600;
    private const long LongestRequest = 3600;

    private static readonly string[] s_protocols = ["", "http", "grpc", "json-rpc"];

    /// <summary>Those belong to the connection or to the transaction itself.</summary>
    private static readonly HashSet<string> s_ownHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "expect",
        "proxy-connection", "proxy-authorization",
    };

    /// <summary>
    /// How the mall names its own sagas under idempotency keys (<see cref="Gids"/>), and those that end an order: nobody else may
    /// take such a gid beforehand.
    /// </summary>
    [GeneratedRegex(@"^((order|user)-([0-9A-Za-z._-]{1,64}@\d+|\d+-[0-9a-f]{32})|(close|refund)-\d+)\z")]
    private static partial Regex OwnGid { get; }

    // What HTTP and gRPC both take for one.
    [GeneratedRegex(@"^[0-9A-Za-z_.-]{1,128}\z")]
    private static partial Regex HeaderName { get; }

    [GeneratedRegex(@"^[0-9A-Za-z_.:-]{1,64}\z")]
    private static partial Regex BranchId { get; }

    [GeneratedRegex(@"^[0-9A-Za-z_.-]{1,32}\z")]
    private static partial Regex Op { get; }

    public static string Gid(string? gid) =>
        string.IsNullOrEmpty(gid) ? throw new BadTransactionException("No gid is given.")
        : gid.Length > MaxGid ? throw new BadTransactionException($"The gid is over {MaxGid} characters long.")
        : !IsText(gid) ? throw new BadTransactionException("The gid has control characters in it, or half a character.")
        : gid;

    /// <summary>One that a transaction may be begun under.</summary>
    public static string NewGid(string? gid) =>
        OwnGid.IsMatch(Gid(gid))
            ? throw new BadTransactionException($"The gid {gid} has the form of the mall's own.")
            : gid!;

    public static string TopicName(string? topic) =>
        string.IsNullOrEmpty(topic) ? throw new BadTransactionException("No topic is given.")
        : topic.Length > MaxGid || !IsText(topic)
            ? throw new BadTransactionException($"The topic is over {MaxGid} characters long or has control characters in it.")
            : topic;

    public static string Type(string? type) =>
        TransactionTypes.All.Contains(type ?? "")
            ? type!
            : throw new BadTransactionException($"trans_type is '{type}', not one of {string.Join(", ", TransactionTypes.All)}.");

    /// <param name="type">What a workflow does before it has begun a branch, DTM's clients send with none.</param>
    public static string Branch(string? id, string? type) =>
        type == TransactionTypes.Workflow && string.IsNullOrEmpty(id) ? ""
            : id is not null && BranchId.IsMatch(id) ? id
            : throw new BadTransactionException($"branch_id is '{id}': 1 to 64 letters, digits, dots, colons, dashes.");

    public static string OpOf(string? op) =>
        op is not null && Op.IsMatch(op) ? op
            : throw new BadTransactionException($"op is '{op}': 1 to 32 letters, digits, dashes.");

    /// <summary>
    /// What goes to a branch as it is may be anything, but not JSON that names a property twice: each reader would take another
    /// of the two. JSON-RPC, which adds to it, needs an object.
    /// </summary>
    public static void Payload(byte[] payload, string what, bool isObject)
    {
        if (payload.Length == 0) return;
        try
        {
            using var json = JsonDocument.Parse(payload, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (!isObject || json.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Null) return;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // Half a character in a name, by an escape.
        {
            if (!isObject && !IsJson(payload)) return;
            throw new BadTransactionException($"{what} is not the JSON that it should be: {e.Message}");
        }

        throw new BadTransactionException($"{what} is no JSON object, which JSON-RPC needs.");
    }

    /// <summary>What is wanted. Targets are not looked at.</summary>
    public static TransactionIntent Intent(WireTransaction wire, Func<string, string?> headerOf)
    {
        var type = Type(wire.TransType);
        var protocol = wire.Protocol ?? "";
        if (!s_protocols.Contains(protocol))
            throw new BadTransactionException($"protocol is '{protocol}', not one of http, grpc, json-rpc.");
        var text = wire.CustomData ?? "";
        var custom = text.Length > 0 && type != TransactionTypes.Tcc && type != TransactionTypes.Xa
            ? DtmJson.Read<WireCustomData>(text, "custom_data")
            : new WireCustomData();
        var isOrdered = type == TransactionTypes.Saga && (custom.Concurrent ?? wire.Concurrent ?? false);
        var hasName = type == TransactionTypes.Workflow && custom.Name is not null;
        return new TransactionIntent(
            type, Steps(wire, isOrdered ? custom.Orders : null), wire.QueryPrepared ?? "",
            protocol.Length == 0 ? "http" : protocol, text, hasName ? OpName(custom.Name!) : "", custom.Data ?? [],
            isOrdered || (type == TransactionTypes.Message && (wire.Concurrent ?? custom.Concurrent ?? false)),
            type == TransactionTypes.Message ? Span("delay", custom.Delay, LongestSpan) ?? TimeSpan.Zero : TimeSpan.Zero,
            new TransactionOptions(
                Span("timeout_to_fail", wire.TimeoutToFail, LongestSpan),
                Span("request_timeout", Math.Min(wire.RequestTimeout ?? 0, LongestRequest), LongestRequest),
                Span("retry_interval", wire.RetryInterval, LongestSpan),
                (int)(wire.RetryLimit is null or (>= 0 and <= 1_000_000)
                    ? wire.RetryLimit ?? 0
                    : throw new BadTransactionException($"retry_limit is {wire.RetryLimit}, not from 0 to 1000000.")),
                Headers(wire, headerOf)));
    }

    /// <summary>A string that every database and every protocol carries.</summary>
    public static string? Printable(string? text) => text?.Replace('\0', '?');

    private static string OpName(string name) =>
        name.Length is > 0 and <= 128 && IsText(name)
            ? name
            : throw new BadTransactionException("The workflow's name is empty, too long, or has control characters in it.");

    private static bool IsJson(byte[] payload)
    {
        try
        {
            using var json = JsonDocument.Parse(payload);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsText(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune) || rune == Rune.ReplacementChar) return false;
        }

        return true;
    }

    private static ImmutableArray<TransactionStep> Steps(WireTransaction wire, Dictionary<string, List<int>?>? orders)
    {
        var steps = wire.Steps ?? [];
        if (steps.Count > MaxSteps) throw new BadTransactionException($"There are {steps.Count} steps, over {MaxSteps}.");
        var payloads = wire.Bytes ?? wire.Payloads?.ConvertAll(payload => Encoding.UTF8.GetBytes(payload ?? ""));
        if (payloads is { Count: 0 } or null && steps.Exists(step => step?.GetValueOrDefault("data") is { Length: > 0 }))
            payloads = steps.ConvertAll(step => Encoding.UTF8.GetBytes(step?.GetValueOrDefault("data") ?? "")); // Of old clients.
        if (payloads is { Count: > 0 } && payloads.Count != steps.Count)
            throw new BadTransactionException($"There are {payloads.Count} payloads for {steps.Count} steps.");
        var after = Orders(orders, steps.Count);
        return
        [
            .. steps.Select((step, i) => Step(
                step ?? throw new BadTransactionException($"Step {i + 1} is null."),
                payloads is { Count: > 0 } ? payloads[i] : [], after[i], wire.Protocol, $"The payload of step {i + 1}")),
        ];
    }

    private static TransactionStep Step(
        Dictionary<string, string?> step, byte[] payload, ImmutableArray<int> after, string? protocol, string what)
    {
        var (action, compensate) = (step.GetValueOrDefault("action") ?? "", step.GetValueOrDefault("compensate") ?? "");
        var isObject = protocol == "json-rpc" && (IsCalled(action) || IsCalled(compensate));
        if (protocol != "grpc") Payload(payload, what, isObject);
        return new TransactionStep(action, compensate, payload, after);

        static bool IsCalled(string target) =>
            target.Contains("method", StringComparison.Ordinal) || target.StartsWith("topic://", StringComparison.Ordinal);
    }

    private static ImmutableArray<int>[] Orders(Dictionary<string, List<int>?>? orders, int steps)
    {
        var after = Enumerable.Repeat(ImmutableArray<int>.Empty, steps).ToArray();
        foreach (var (key, before) in orders ?? [])
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var step) || step >= steps
                || (before ?? []).Exists(b => b < 0 || b >= steps))
            {
                var named = string.Join(", ", before ?? []);
                throw new BadTransactionException($"orders speaks of step {key} after {named}: there are {steps}.");
            }

            after[step] = [.. (before ?? []).Distinct()];
        }

        if (after.Sum(before => before.Length) > MaxOrders)
            throw new BadTransactionException($"orders names over {MaxOrders} steps.");
        var waiting = after.Select(before => before.Length).ToArray();
        var followers = after.SelectMany((before, step) => before.Select(b => (Before: b, Step: step))).ToLookup(
            pair => pair.Before, pair => pair.Step);
        var free = new Queue<int>(Enumerable.Range(0, steps).Where(step => waiting[step] == 0));
        var placed = 0;
        for (; free.TryDequeue(out var step); placed++)
            foreach (var follower in followers[step])
                if (--waiting[follower] == 0) free.Enqueue(follower);
        return placed == steps ? after : throw new BadTransactionException("orders goes in a circle.");
    }

    private static TimeSpan? Span(string name, long? seconds, long longest) => seconds switch
    {
        null or 0 => null,
        > 0 when seconds <= longest => TimeSpan.FromSeconds(seconds.Value),
        _ => throw new BadTransactionException($"{name} is {seconds}, not from 0 to {longest} seconds."),
    };

    private static ImmutableDictionary<string, string> Headers(WireTransaction wire, Func<string, string?> headerOf)
    {
        var headers = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in wire.PassthroughHeaders ?? [])
        {
            if (headerOf(Name(name)) is { } value) headers[name!] = Value(name!, value);
        }

        foreach (var (name, value) in wire.BranchHeaders ?? []) headers[Name(name)] = Value(name, value ?? "");

        if (headers.Count > MaxHeaders)
            throw new BadTransactionException($"There are {headers.Count} headers, over {MaxHeaders}.");
        return headers.ToImmutable();

        static string Name(string? name) =>
            name is not null && HeaderName.IsMatch(name) && !s_ownHeaders.Contains(name)
            && !name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase)
            && !name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase) // gRPC takes those for bytes in base64.
                && !name.StartsWith("dtm-", StringComparison.OrdinalIgnoreCase)
                ? name
                : throw new BadTransactionException($"'{name}' is no header that a transaction can carry.");

        static string Value(string name, string value) => value.All(c => c is >= ' ' and <= '~' or '\t')
            ? value
            : throw new BadTransactionException($"The value of header {name} is not printable ASCII.");
    }
}
