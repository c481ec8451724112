using System.Buffers.Text;

namespace Mall.Bench.Load.Clients;

/// <summary>An HTTP/1.1 response in a buffer: what the answer to an order needs, from Kestrel or nginx.</summary>
/// <param name="MallCode">Of a problem, the mall's code; 0 when there is none.</param>
/// <param name="KeepsAlive">Whether the connection takes another request.</param>
readonly record struct HttpAnswer(int Status, int MallCode, bool KeepsAlive)
{
    /// <summary>Reads a response once it is there to its end.</summary>
    /// <param name="received">All bytes since the request; nothing follows a response, for only one request is under way.</param>
    /// <returns>False when more has to come.</returns>
    /// <exception cref="InvalidDataException">It is no such response.</exception>
    public static bool TryRead(ReadOnlySpan<byte> received, out HttpAnswer answer)
    {
        answer = default;
        var headEnd = received.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
            return false;
        var head = received[..(headEnd + 2)];
        var body = received[(headEnd + 4)..];
        if (!head.StartsWith("HTTP/1.1 "u8) || NumberAfter("HTTP/1.1 "u8, head) is not { } status)
            throw new InvalidDataException("no HTTP/1.1");

        // The last chunk is an empty one, and JSON has no line ends that could be taken for it.
        var isWhole = head.IndexOf("\r\nTransfer-Encoding: chunked\r\n"u8) >= 0
            ? body.EndsWith("0\r\n\r\n"u8)
            : body.Length >= (NumberAfter("\r\nContent-Length: "u8, head)
                ?? throw new InvalidDataException("a body without a length"));
        if (isWhole)
            answer = new HttpAnswer(
                status, NumberAfter("\"code\":"u8, body) ?? 0, KeepsAlive: head.IndexOf("\r\nConnection: close\r\n"u8) < 0);
        return isWhole;
    }

    static int? NumberAfter(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text) =>
        text.IndexOf(name) is >= 0 and var at && Utf8Parser.TryParse(text[(at + name.Length)..], out int number, out _)
            ? number : null;
}
