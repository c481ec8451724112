using System.Buffers.Text;
using System.Text;

namespace Mall.Bench.Load.Rest;

/// <summary>An HTTP/1.1 response in a buffer: as much of the protocol as the front door and proxies before it speak.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Body">Where the body lies in the buffer, chunks joined.</param>
/// <param name="KeepsAlive">Whether the connection takes another request.</param>
readonly record struct HttpAnswer(int Status, Range Body, bool KeepsAlive)
{
    /// <summary>Reads a response once it is there to its end. Chunks of a body are moved together within the buffer.</summary>
    /// <param name="received">All bytes since the request; nothing follows a response, for only one request is under way.</param>
    /// <returns>False when more has to come; the buffer is unchanged then.</returns>
    /// <exception cref="InvalidDataException">It is no such response.</exception>
    public static bool TryRead(Span<byte> received, out HttpAnswer answer)
    {
        answer = default;
        var headEnd = received.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
            return false;
        var head = received[..(headEnd + 2)];
        var bodyStart = headEnd + 4;
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..], out int status, out var digits) || digits != 3)
            throw new InvalidDataException($"no HTTP/1.1 status line: {FirstLine(head)}");

        if (Header(head, "transfer-encoding"u8).SequenceEqual("chunked"u8))
        {
            if (!TryJoinChunks(received[bodyStart..], out var length))
                return false;
            answer = new HttpAnswer(status, bodyStart..(bodyStart + length), StaysOpen(head));
            return true;
        }

        if (LengthOfBody(head, status) is var known && received.Length - bodyStart < known)
            return false;
        answer = new HttpAnswer(status, bodyStart..(bodyStart + known), StaysOpen(head));
        return true;
    }

    static bool StaysOpen(ReadOnlySpan<byte> head) => !Ascii.EqualsIgnoreCase(Header(head, "connection"u8), "close"u8);

    static int LengthOfBody(ReadOnlySpan<byte> head, int status)
    {
        var header = Header(head, "content-length"u8);
        if (header.IsEmpty && status is 204 or 304)
            return 0;
        return Utf8Parser.TryParse(header, out int length, out var read) && read == header.Length && length >= 0
            ? length
            : throw new InvalidDataException($"a body without a length: {FirstLine(head)}");
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

    /// <summary>Looks whether the last chunk is there and moves only then: a second look must find what the first did.</summary>
    static bool TryJoinChunks(Span<byte> chunks, out int length)
    {
        length = 0;
        if (!TryWalk(chunks, joined: default, out _))
            return false;
        return TryWalk(chunks, joined: chunks, out length);
    }

    static bool TryWalk(ReadOnlySpan<byte> chunks, Span<byte> joined, out int length)
    {
        length = 0;
        for (var at = 0; ;)
        {
            var line = chunks[at..].IndexOf("\r\n"u8);
            if (line < 0)
                return false;
            if (!Utf8Parser.TryParse(chunks[at..(at + line)], out int size, out _, 'x') || size < 0)
                throw new InvalidDataException("a chunk without a size");
            at += line + 2;
            if (chunks.Length - at < size + 2)
                return false; // of the last chunk, the empty line after it; trailers are none of ours
            if (size == 0)
                return true;
            if (!joined.IsEmpty)
                chunks.Slice(at, size).CopyTo(joined[length..]);
            length += size;
            at += size + 2;
        }
    }

    static string FirstLine(ReadOnlySpan<byte> head) => Encoding.Latin1.GetString(head[..head.IndexOf((byte)'\r')]);
}
