namespace Mall.Api.Validation;

/// <summary>
/// Lists that have an order of their own, by id, and others to choose from. A place in one means nothing in another, so the
/// texts that stand for places of the others begin with the name of their order.
/// </summary>
internal static class Sorting
{
    public const string Own = "id";

    /// <summary>Which of the orders that a list has it is.</summary>
    public static int IndexOf(string sort, string[] sorts) => Array.IndexOf(sorts, sort) is >= 0 and var index
        ? index
        : throw new ProblemException(Problem.BadField("sort", $"must be one of {string.Join(", ", sorts)}"));

    /// <inheritdoc cref="Paging.Place"/>
    public static ListPlace? Place(string? after, string sort)
    {
        if (after is null || sort == Own)
            return Paging.Place(after);
        var prefix = Prefix(sort);
        return Paging.Place(after.StartsWith(prefix, StringComparison.Ordinal) ? after[prefix.Length..] : "-");
    }

    public static string Prefix(string sort) => sort == Own ? "" : $"{sort}.";
}

/// <summary>A page of a list in one of its orders, with its places as clients carry them about.</summary>
internal sealed record SortedPage<T>(ImmutableArray<T> Items, string? Next, string Cursor)
{
    public SortedPage(ListPage<T> page, string sort)
        : this(page.Items, page.Next is null ? null : Sorting.Prefix(sort) + page.Next, Sorting.Prefix(sort) + page.Cursor)
    {
    }
}
