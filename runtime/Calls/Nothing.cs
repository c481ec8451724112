namespace Mall.Runtime;

/// <summary>The result of a method without one.</summary>
public readonly struct Nothing;
