namespace Mall.Runtime;

/// <summary>A pair, as a group of fields 1 and 2; a null is left out.</summary>
public sealed class TupleSerializer<T1, T2>(WireSerializer<T1> first, WireSerializer<T2> second) : WireSerializer<(T1, T2)>
{
    /// <inheritdoc/>
    public override void Write(ref WireWriter writer, uint field, (T1, T2) value)
    {
        writer.WriteTag(field, WireType.Group);
        if (value.Item1 is not null) first.Write(ref writer, 1, value.Item1);
        if (value.Item2 is not null) second.Write(ref writer, 2, value.Item2);
        writer.WriteEndGroup();
    }

    /// <inheritdoc/>
    public override (T1, T2) Read(ref WireReader reader, WireType type)
    {
        (T1, T2) value = default;
        reader.EnterGroup(type);
        while (reader.TryReadField(out var field, out var inner))
        {
            if (field == 1) value.Item1 = first.Read(ref reader, inner);
            else if (field == 2) value.Item2 = second.Read(ref reader, inner);
            else reader.Skip(inner);
        }

        reader.LeaveGroup();
        return value;
    }
}

/// <summary>Three values, as a group of fields 1 to 3; a null is left out.</summary>
public sealed class TupleSerializer<T1, T2, T3>(WireSerializer<T1> first, WireSerializer<T2> second, WireSerializer<T3> third)
    : WireSerializer<(T1, T2, T3)>
{
    /// <inheritdoc/>
    public override void Write(ref WireWriter writer, uint field, (T1, T2, T3) value)
    {
        writer.WriteTag(field, WireType.Group);
        if (value.Item1 is not null) first.Write(ref writer, 1, value.Item1);
        if (value.Item2 is not null) second.Write(ref writer, 2, value.Item2);
        if (value.Item3 is not null) third.Write(ref writer, 3, value.Item3);
        writer.WriteEndGroup();
    }

    /// <inheritdoc/>
    public override (T1, T2, T3) Read(ref WireReader reader, WireType type)
    {
        (T1, T2, T3) value = default;
        reader.EnterGroup(type);
        while (reader.TryReadField(out var field, out var inner))
        {
            if (field == 1) value.Item1 = first.Read(ref reader, inner);
            else if (field == 2) value.Item2 = second.Read(ref reader, inner);
            else if (field == 3) value.Item3 = third.Read(ref reader, inner);
            else reader.Skip(inner);
        }

        reader.LeaveGroup();
        return value;
    }
}
