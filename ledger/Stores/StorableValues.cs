namespace Mall.Ledger.Stores;

/// <summary>Finds what would make a set-based statement fail in the driver, before it is sent with the changes of others: a value
/// of the wrong type, and text that is no text (half a surrogate pair; U+0000, which PostgreSQL cannot hold).</summary>
internal static class StorableValues
{
    /// <summary>What is wrong with the write set, or null.</summary>
    public static LedgerFaultException? FaultOf(WriteSet writes)
    {
        if (writes.Barrier is { } key
            && !(IsText(key.Gid) && IsText(key.BranchId) && IsText(key.Op) && IsText(key.BarrierId) && IsText(key.TransType)))
            return new LedgerFaultException(
                $"The database will never accept the barrier key of branch {key.BranchId}: it is not text.");
        foreach (var (shape, values) in writes.Changes)
        {
            var columns = shape.Columns;
            for (var i = 0; i < values.Length; i++)
                if (!Fits(columns[i].Column.Type, values[i]))
                    return new LedgerFaultException(
                        $"The database will never accept {shape}: {columns[i].Column} is given what it cannot hold.");
        }

        return null;
    }

    /// <inheritdoc cref="FaultOf(WriteSet)"/>
    public static LedgerFaultException? FaultOf(Value[] parameters) =>
        Array.Exists(parameters, value => !value.IsNumber && value.Text is { } text && !IsText(text))
            ? new LedgerFaultException("The query is given a text that no row can hold.") : null;

    private static bool Fits(ColumnType type, in Value value) =>
        value.IsNull || (value.IsNumber ? type == ColumnType.Number : type == ColumnType.Text && IsText(value.Text!));

    private static bool IsText(string text)
    {
        var rest = text.AsSpan();
        while (rest.IndexOfAnyExceptInRange('\u0001', '\uD7FF') is >= 0 and var at)
        {
            if (rest[at] == '\0' || Rune.DecodeFromUtf16(rest[at..], out _, out var length) != OperationStatus.Done) return false;
            rest = rest[(at + length)..];
        }

        return true;
    }
}
