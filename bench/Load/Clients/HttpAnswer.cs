using System.Buffers.Text;
using System.Text;

namespace Mall.Bench.Load.Clients;

/// <summary>An HTTP/1.1 response in a buffer: as much of the protocol as the answer to an order needs.</summary>
/// <param name="Status">The status code.</param>
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
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..], out int status, out _))
            throw new InvalidDataException("no HTTP/1.1");

        // The last chunk is an empty one, and JSON has no line ends that could be taken for it.
        var isChunked = Header(head, "transfer-encoding"u8).SequenceEqual("chunked"u8);
        var isWhole = isChunked ? body.EndsWith("0\r\n\r\n"u8) : body.Length >= LengthOf(head, status);
        if (isWhole)
            answer = new HttpAnswer(
                status, CodeIn(body), !Ascii.EqualsIgnoreCase(Header(head, "connection"u8), "close"u8));
        return isWhole;
    }

    static int LengthOf(ReadOnlySpan<byte> head, int status)
    {
        if (status == 204)
            return 0;
        return Utf8Parser.TryParse(Header(head, "content-length"u8), out int length, out _) && length >= 0
            ? length
            : throw new InvalidDataException("a body without a length");
    }

    static int CodeIn(ReadOnlySpan<byte> body)
    {
        var name = "\"code\":"u8;
        var at = body.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(body[(at + name.Length)..], out int code, out _) ? code : 0;
    }

    /// <summary>The value of a header, or nothing.</summary>
    /// <param name="head">Status line and headers, each with its line end.</param>
    /// <param name="name">In lower case.</param>
    static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        for (var rest = head[(head.IndexOf((byte)'\n') + 1)..]; !rest.IsEmpty; rest = rest[(rest.IndexOf((byte)'\n') + 1)..])
        {
            if (rest.Length > name.Length && rest[name.Length] == ':' && Ascii.EqualsIgnoreCase(rest[..name.Length], name))
            {
                var value = rest[(name.Length + 1)..rest.IndexOf((byte)'\r')];
                return value[Ascii.Trim(value)];
            }
        }

        return default;
    }
}
