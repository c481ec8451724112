using System.Globalization;

namespace Mall.Api.Rest;

/// <summary>Reads what a request says in its path and query, strictly. An empty value counts as absent.</summary>
internal static class RequestValues
{
    /// <summary>The positive id in the path.</summary>
    public static long PathId(this HttpContext http) =>
        FieldChecks.RequireId(TryParse(http.Request.RouteValues["id"] as string, out var id) ? id : 0);

    /// <summary>A gid from the path.</summary>
    public static string PathText(this HttpContext http, string name, int maxLength) =>
        http.Request.RouteValues[name] is string { Length: > 0 } text && text.Length <= maxLength
            ? text
            : throw new ProblemException(Problem.BadField(name, $"must be 1 to {maxLength} characters long"));

    /// <summary>Whether the client wants to wait; <c>true</c> or <c>false</c>, nothing else.</summary>
    public static bool QueryFlag(this HttpContext http, string name, bool absent) => QueryText(http, name) switch
    {
        null => absent,
        "true" => true,
        "false" => false,
        _ => throw new ProblemException(Problem.BadField(name, "must be true or false")),
    };

    /// <summary>A number, or null when it is absent.</summary>
    public static long? QueryNumber(this HttpContext http, string name, long min, long max)
    {
        if (QueryText(http, name) is not { } text)
            return null;
        return TryParse(text, out var value) && value >= min && value <= max
            ? value
            : throw new ProblemException(Problem.BadField(name, $"must be a number from {min} to {max}"));
    }

    /// <summary>How many items of a list the client wants.</summary>
    public static int QueryLimit(this HttpContext http) =>
        (int)(http.QueryNumber("limit", 1, Paging.MaxLimit) ?? Paging.DefaultLimit);

    /// <summary>The value's text, or null when it is absent or empty.</summary>
    public static string? QueryText(this HttpContext http, string name)
    {
        if (!http.Request.QueryString.HasValue)
            return null;
        var values = http.Request.Query[name];
        if (values.Count > 1)
            throw new ProblemException(Problem.BadField(name, "may be given once only"));
        return values.Count == 0 || string.IsNullOrEmpty(values[0]) ? null : values[0];
    }

    private static bool TryParse(string? text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
