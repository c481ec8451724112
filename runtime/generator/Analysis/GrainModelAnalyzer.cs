namespace Mall.Runtime.Generator;

internal sealed class GrainModelAnalyzer;
