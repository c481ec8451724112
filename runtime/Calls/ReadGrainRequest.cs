namespace Mall.Runtime;

/// <summary>Reads the arguments of a request; the generator writes one for each method.</summary>
/// <param name="reader">Stands before the arguments, and behind them afterwards.</param>
public delegate GrainRequest ReadGrainRequest(ref WireReader reader);
