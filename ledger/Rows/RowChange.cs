namespace Mall.Ledger;

/// <summary>One change of one row: a shape and its values, in the order of the shape's columns.</summary>
public readonly record struct RowChange(RowShape Shape, Value[] Values);
