using Mall.Signing;

namespace Mall.Api.Payments.Sandbox;

/// <summary>What the sandbox has told the mall, and what it was answered.</summary>
/// <param name="Status">Of HTTP; 0 when nobody has answered.</param>
internal sealed record SandboxCallback(string Result, long Amount, int Status);

/// <summary>What has come of an action on the sandbox's page.</summary>
/// <param name="Callbacks">In the order in which they were sent; none yet for <c>late</c>.</param>
internal sealed record SandboxAnswer(string Action, IReadOnlyList<SandboxCallback> Callbacks, PaymentAnswer Payment);

/// <summary>What one does on the sandbox's page.</summary>
/// <param name="Action">pay, decline, twice, wrong-amount, late or out-of-order.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SandboxInput(string? Action);

/// <summary>
/// Plays a payment provider that calls back: over HTTP, signed, and again when it is not answered. It keeps nothing but what is
/// late, in memory: who restarts the mall presses the button again. The payment is the row that the mall has of it.
/// </summary>
internal sealed partial class SandboxDesk(
    IGrainFactory grains, CallbackKey key, PublicAddress address, PaymentDesk desk, TimeProvider clock, ApiOptions options,
    IHostApplicationLifetime lifetime, ILogger<SandboxDesk> log) : IDisposable
{
    private const int MostAttempts = 6;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        Timeout = TimeSpan.FromSeconds(10),
    };

    /// <exception cref="ProblemException">500001: the sandbox has not given out this reference.</exception>
    public async Task<PaymentView> Find(string reference, Patience patience)
    {
        if (SandboxReference.PaymentOf(reference, await key.GetAsync(patience)) is not { } id)
            throw new ProblemException(Problem.Of(ErrorCodes.NoSuchPayment, "The sandbox knows no such payment."));
        var found = await desk.Look(id, patience);
        return found.IsRefused ? throw new ProblemException(Problem.Of(found.Refusal)) : found.Value;
    }

    public async Task<SandboxAnswer> Act(string? action, PaymentView payment, Patience patience)
    {
        var callbacks = action switch
        {
            "pay" => [await Call(payment, "succeeded")],
            "decline" => [await Call(payment, "failed")],
            "twice" => await Task.WhenAll(Call(payment, "succeeded"), Call(payment, "succeeded")),
            "wrong-amount" => [await Call(payment with { Amount = payment.Amount + 1 }, "succeeded")],
            "out-of-order" => [await Call(payment, "succeeded"), await Call(payment, "failed")],
            "late" => Array.Empty<SandboxCallback>(),
            _ => throw new ProblemException(Problem.BadField(
                "action", "must be pay, decline, twice, wrong-amount, late or out-of-order")),
        };
        if (action == "late") _ = PayLate(payment); // Observes its own failures.
        var after = await desk.Look(payment.Id, patience);
        return new SandboxAnswer(action!, callbacks, PaymentAnswer.Of(after.Value ?? payment));
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Waits until the order does not wait for its payment any more, closed or cancelled, and pays it then.</summary>
    private async Task PayLate(PaymentView payment)
    {
        try
        {
            var history = grains.GetGrain<IOrderHistoryGrain>(0);
            while (await history.Get(payment.UserId, payment.OrderId) is { Value.Status: OrderStatus.Created })
                await Task.Delay(s_look, clock, lifetime.ApplicationStopping);
            await Call(payment, "succeeded");
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
        catch (Exception e) // The edge of what nobody waits for.
        {
            LogLost(e, payment.Id);
        }
    }

    /// <summary>As a provider does: again, after a pause, while the mall does not answer or says that it cannot now.</summary>
    private async Task<SandboxCallback> Call(PaymentView payment, string result)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new CallbackInput(
                payment.Id, payment.Amount, result, payment.ProviderRef,
                result == "succeeded" ? clock.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture) : null),
            ApiJson.Default.CallbackInput);
        var (status, pause) = (0, s_firstPause);
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            try
            {
                status = await Send(body);
                if (status is < 500 and not 429) break;
            }
            catch (HttpRequestException)
            {
                status = 0;
            }

            if (attempt == MostAttempts) break;
            await Task.Delay(pause, clock, lifetime.ApplicationStopping);
            pause *= 2;
        }

        return new SandboxCallback(result, payment.Amount, status);
    }

    private async Task<int> Send(byte[] body)
    {
        var timestamp = Signatures.Timestamp(clock.GetUtcNow());
        var secret = await key.GetAsync(new Patience(options.WaitLimit, clock, CancellationToken.None));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{address.Url}/v1/payments/callback");
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(Answer.Json);
        request.Headers.Add(Signatures.TimestampHeader, timestamp);
        request.Headers.Add(Signatures.SignatureHeader, Signatures.Sign(secret, timestamp, body));
        using var response = await _client.SendAsync(request, lifetime.ApplicationStopping);
        return (int)response.StatusCode;
    }

    [LoggerMessage(5302, LogLevel.Warning, "The sandbox could not pay {PaymentId} late")]
    private partial void LogLost(Exception e, long paymentId);
}
