using System.Text;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>Who sends a request.</summary>
public enum As
{
    Nobody,
    Customer,
    Seller,
    Operator,
}

/// <summary>
/// A request that must be refused, and how. In path and body $product, $shop and $order stand for the ids of the mall.
/// </summary>
public sealed record BadRequest(string Name, As Who, string Method, string Path, byte[]? Body, int Status, int Code)
{
    /// <summary>The field that the answer must name; null when the request as a whole is at fault.</summary>
    public string? Field { get; init; }

    public string? ContentType { get; init; } = "application/json";

    public bool Chunked { get; init; }

    /// <summary>Headers as they are, even malformed ones.</summary>
    public (string Name, string Value)[] Headers { get; init; } = [];

    /// <summary>A refusal with 100002 that names a field, or none.</summary>
    public static BadRequest Field100002(As who, string method, string path, string? body, string? field, string name) =>
        Refused(who, method, path, body, 400, ErrorCodes.BadParameter, name) with { Field = field };

    public static BadRequest Refused(As who, string method, string path, string? body, int status, int code, string name) =>
        new($"{method} {path}: {name}", who, method, path, body is null ? null : Encoding.UTF8.GetBytes(body), status, code);
}
