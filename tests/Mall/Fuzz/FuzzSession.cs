using System.Net;
using Mall.Tests.Hosting;
using Answer = Mall.Tests.Hosting.Answer;

namespace Mall.Tests.Fuzz;

/// <summary>
/// A mall of its own, and somebody who sends it one request after the other: what each has changed is then known.
/// </summary>
internal sealed class FuzzSession
{
    private const int MostFindings = 20;
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(5);

    /// <summary>With these a saga refuses that has begun, and has left an order that is void.</summary>
    private static readonly int[] s_ofSagas =
    [
        ErrorCodes.NotEnoughStock, ErrorCodes.ProductOffSale, ErrorCodes.NoSuchProduct, ErrorCodes.NoSuchUser,
        ErrorCodes.MobileTaken,
    ];

    private readonly Dictionary<string, int> _outcomes = [];
    private readonly List<string> _findings = [];

    // What requests whose clients did not wait may yet change, behind the back of a later one: a payment when it is made and when
    // its provider has opened it. And for how many requests more they may.
    private int _late;
    private int _lateFor;

    /// <summary>What was wrong, a line for each request.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <summary>How often each kind of answer came.</summary>
    public IReadOnlyDictionary<string, int> Outcomes => _outcomes;

    /// <summary>Whether any request has changed a row.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>Sends the requests of these numbers, or gives up.</summary>
    public async Task PlayAsync(int seed, IEnumerable<int> numbers)
    {
        await using var mall = await WholeMall.OpenAsync();
        var cast = await Cast.OfAsync(mall);
        var (rest, rpc) = (new RestFuzz(mall, cast), new RpcFuzz(mall, cast));
        await rest.LearnAsync();
        await using var changes = await Changes.OfAsync(mall.Folder);
        foreach (var i in numbers)
        {
            var random = new Random(unchecked((seed * 1_000_003) + i)); // HashCode would be another in each process.
            await changes.UntilQuietAsync();
            var before = await changes.CountAsync();
            var (request, finding, mayChange) =
                random.Once(3) ? await CallAsync(rpc, random) : await SendAsync(mall, rest, random);
            if (finding is null && !mayChange && await changes.CountAsync() is var after && after != before && _late-- <= 0)
                finding = $"was refused, and there was an {after.Last}";
            if (--_lateFor <= 0) _late = 0;
            if (mall.Log.Errors.Count > 0 && _findings.Count == 0) finding = $"logged {mall.Log.Errors[0]}";
            if (finding is not null) _findings.Add($"{i}: {request}: {finding}");
            if (_findings.Count == MostFindings) break;
        }

        HasChanged = (await changes.CountAsync()).Count != Changes.None;
    }

    private async Task<(string Request, string? Finding, bool MayChange)> SendAsync(WholeMall mall, RestFuzz rest, Random random)
    {
        using var request = rest.Next(random);
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync();
        var name = $"{request.Method} {request.RequestUri!.AbsoluteUri} {body[..Math.Min(body.Length, 300)]}";
        try
        {
            using var response = await mall.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(s_hang);
            if (response.Content.Headers.ContentType?.MediaType == "text/event-stream") // It goes on as long as we look.
            {
                Count("stream");
                return (name, null, false);
            }

            var answer = await Answer.ReadAsync(response).WaitAsync(s_hang);
            var status = (int)answer.Status;
            var code = answer is { ContentType: "application/problem+json", Body.Length: > 0 } ? answer.Code : 0;
            Count($"{status} {code}");
            var isNoHttp = answer is { Status: HttpStatusCode.BadRequest or HttpStatusCode.RequestUriTooLong, Body: "" };
            var isSilent = status >= 400 && code == 0 && !isNoHttp && request.Method != HttpMethod.Head;
            var finding = status >= 500 || isSilent ? $"was answered {status} {answer.Body}" : null;
            return (name, finding, status < 400 || s_ofSagas.Contains(code));
        }
        catch (Exception e) when (e is TimeoutException or HttpRequestException)
        {
            return (name, e.ToString(), true);
        }
    }

    private async Task<(string Request, string? Finding, bool MayChange)> CallAsync(RpcFuzz rpc, Random random)
    {
        var (name, call) = rpc.Next(random);
        try
        {
            var answer = await call.WaitAsync(s_hang);
            Count($"gRPC {answer.Status?.ToString() ?? $"{answer.HttpStatus}"} {answer.Code}");
            var isFailure = answer is { Status: 2 or 13 or 15 } or { Status: 14, Code: not ErrorCodes.StorageUnavailable };
            var isUnknown = answer.Code == ErrorCodes.TimedOut; // A client may choose a deadline that nobody can keep.
            if (isUnknown) (_late, _lateFor) = (_late + 2, 100);
            var finding = isFailure || answer is { Status: > 0, Code: null } ? $"was answered {answer}" : null;
            return (name, finding, answer.Status == 0 || isUnknown || s_ofSagas.Contains(answer.Code ?? 0));
        }
        catch (Exception e) when (e is TimeoutException or HttpRequestException)
        {
            return (name, e.ToString(), true);
        }
    }

    private void Count(string outcome) => _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
}
