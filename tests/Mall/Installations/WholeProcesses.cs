namespace Mall.Tests.Installations;

/// <summary>Tests that start and load processes run one after the other, and after all that need no process.</summary>
[CollectionDefinition(nameof(WholeProcesses), DisableParallelization = true)]
public sealed class WholeProcesses;
