namespace Mall.Lists;

/// <summary>
/// Statements that read a page of a list by an index, from where it begins to where it ends: rows by a column and then by id,
/// behind value @p1 and id @p2, at most @p3 of them.
/// </summary>
internal static class KeysetSql
{
    /// <param name="select">The columns and the table.</param>
    /// <param name="where">Conditions besides, each with an <c>and</c> behind it.</param>
    /// <param name="index">For MySQL, which alone reads the hint and would rather find all rows and sort them.</param>
    /// <param name="column">What the rows go by.</param>
    /// <param name="isDown">The greatest first.</param>
    public static string Page(string select, string where, string index, string column, bool isDown)
    {
        // The same twice: PostgreSQL and SQLite find the place by the first, MySQL by the second.
        var (beyond, down) = isDown ? ("<", " desc") : (">", "");
        return $"""
            {select} /*! force index ({index}) */
            where {where}({column}, id) {beyond} (@p1, @p2) and ({column} {beyond} @p1 or {column} = @p1 and id {beyond} @p2)
            order by {column}{down}, id{down} limit @p3
            """;
    }
}

/// <summary>A row of a list, and the place behind it.</summary>
internal readonly record struct Listed<T>(T Item, ListPlace Place);
