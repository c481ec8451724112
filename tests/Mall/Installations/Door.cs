using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Mall.Tests.Installations;

/// <summary>What the front door answered.</summary>
/// <param name="Code">The mall's own code of a refusal; 0 where it accepted.</param>
public sealed record Answer(HttpStatusCode Status, JsonElement Body, int Code)
{
    /// <summary>Whether this says what became of the request; else it has to be repeated to know.</summary>
    public bool IsFinal => Status is not
        (HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout or HttpStatusCode.TooManyRequests);
}

/// <summary>The front door of an installation over REST, as one person with connections of their own uses it.</summary>
public sealed class Door(Uri address) : IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(25);

    // Tests' malls in this process may be traced: their instrumentation would have a say in whether what is sent here is.
    private readonly HttpClient _client =
        new(new SocketsHttpHandler { ActivityHeadersPropagator = null })
        {
            BaseAddress = address, Timeout = TimeSpan.FromSeconds(60),
        };

    /// <summary>Who asks: set by signing in.</summary>
    public string? Token { get; set; }

    /// <summary>Asks once.</summary>
    /// <exception cref="HttpRequestException">There was no answer, and nobody knows what became of it.</exception>
    public async Task<Answer> PostAsync(string path, object body, string? key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await AskAsync(request, cancellationToken);
    }

    /// <summary>Asks again and again under the same key, until there is an answer that is final.</summary>
    /// <param name="unanswered">Told, each time that there was none, what there was.</param>
    public Task<Answer> PostUntilAnsweredAsync(
        string path, object body, string key, CancellationToken cancellationToken, Action<string>? unanswered = null) =>
        UntilAnsweredAsync(() => PostAsync(path, body, key, cancellationToken), unanswered, cancellationToken);

    /// <summary>Reads again and again, until there is an answer that is final.</summary>
    /// <param name="unanswered">Told, each time that there was none, what there was.</param>
    public Task<Answer> GetUntilAnsweredAsync(
        string path, CancellationToken cancellationToken, Action<string>? unanswered = null) =>
        UntilAnsweredAsync(() => GetAsync(path, cancellationToken), unanswered, cancellationToken);

    public void Dispose() => _client.Dispose();

    private async Task<Answer> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await AskAsync(request, cancellationToken);
    }

    private async Task<Answer> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = Token is null ? null : new AuthenticationHeaderValue("Bearer", Token);
        using var response = await _client.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var answer = text.Length == 0 ? default : JsonElement.Parse(text);
        var code = response.IsSuccessStatusCode ? 0 : answer.GetProperty("code").GetInt32();
        return new Answer(response.StatusCode, answer, code);
    }

    private static async Task<Answer> UntilAnsweredAsync(
        Func<Task<Answer>> ask, Action<string>? unanswered, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var answer = await ask();
                if (answer.IsFinal)
                    return answer;
                unanswered?.Invoke($"{answer.Status} {answer.Body}");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                unanswered?.Invoke(e.Message); // The silo is gone, or went while it answered.
            }

            await Task.Delay(s_pause, cancellationToken);
        }
    }
}
