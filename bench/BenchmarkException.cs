namespace Mall.Bench;

/// <summary>The benchmark cannot go on or found something wrong; the message is one line for the person who started it.</summary>
sealed class BenchmarkException(string message) : Exception(message);
