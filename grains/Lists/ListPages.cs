namespace Mall.Lists;

/// <summary>Cuts pages of lists.</summary>
internal static class ListPages
{
    /// <param name="rows">One more than the limit when there is a next page.</param>
    /// <param name="after">Where this page begins.</param>
    /// <param name="placeOf">The place behind a row.</param>
    public static ListPage<T> Of<TRow, T>(
        IReadOnlyList<TRow> rows, int limit, ListPlace after, Func<TRow, T> view, Func<TRow, ListPlace> placeOf)
    {
        var count = Math.Min(rows.Count, limit);
        var cursor = count > 0 ? placeOf(rows[count - 1]) : after;
        return new([.. rows.Take(count).Select(view)], rows.Count > limit ? cursor : null, cursor);
    }
}
