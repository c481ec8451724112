namespace Mall.Tests.Installations;

/// <summary>
/// Tests that load whole clusters, or look at how long somebody waits, run one after the other, and after all others.
/// </summary>
[CollectionDefinition(nameof(WholeProcesses), DisableParallelization = true)]
public sealed class WholeProcesses;
