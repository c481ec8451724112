namespace Mall.Api.Transactions;

/// <summary>
/// A transaction as a client sends it; what it does not know it leaves out, and what this does not know is passed over, as DTM
/// does. Spans are in seconds.
/// </summary>
internal sealed class WireTransaction
{
    public string? Gid { get; set; }
    public string? TransType { get; set; }
    public List<Dictionary<string, string?>?>? Steps { get; set; }
    public List<string?>? Payloads { get; set; }
    public string? CustomData { get; set; }
    public string? QueryPrepared { get; set; }
    public string? Protocol { get; set; }
    public bool? WaitResult { get; set; }
    public long? TimeoutToFail { get; set; }
    public long? RequestTimeout { get; set; }
    public long? RetryInterval { get; set; }
    public long? RetryLimit { get; set; }
    public Dictionary<string, string?>? BranchHeaders { get; set; }
    public List<string?>? PassthroughHeaders { get; set; }
    public bool? Concurrent { get; set; }
    public string? RollbackReason { get; set; }
    public Dictionary<string, string?>? ReqExtra { get; set; }

    /// <summary>As gRPC sends them; null: they are in <see cref="Payloads"/>.</summary>
    [JsonIgnore]
    public IReadOnlyList<byte[]>? Bytes { get; set; }
}

/// <summary>What is read from <c>custom_data</c>.</summary>
internal sealed class WireCustomData
{
    public bool? Concurrent { get; set; }
    public Dictionary<string, List<int>?>? Orders { get; set; }
    public long? Delay { get; set; }
    public string? Name { get; set; }
    public byte[]? Data { get; set; }
}

/// <summary>How clients' JSON is read and written.</summary>
internal static class DtmJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = true,
        AllowDuplicateProperties = false, // Which of them was meant?
        MaxDepth = 16,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // Read by programs, never as HTML.
    };

    /// <exception cref="BadTransactionException">It is no such JSON.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, string what) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new BadTransactionException($"{what} is null.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new BadTransactionException($"{what} is not the JSON that it should be{Complaint(e, typeof(T))}.");
        }
    }

    /// <inheritdoc cref="Read{T}(ReadOnlySpan{byte}, string)"/>
    public static T Read<T>(string json, string what) where T : class => Read<T>(Encoding.UTF8.GetBytes(json), what);

    private static string Complaint(Exception wrong, Type type) => wrong switch
    {
        JsonException { InnerException: JsonException syntax } => $": {syntax.Message.TrimEnd('.')}", // Says where.
        JsonException json when JsonComplaint.Of(json, Options.GetTypeInfo(type)) is { } error =>
            $": {error.Field} {error.Message}",
        _ => "",
    };
}

/// <summary>A request that cannot be understood: nothing has happened.</summary>
internal sealed class BadTransactionException(string message) : Exception(message);
