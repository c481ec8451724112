namespace Mall.Runtime.Generator;

/// <summary>What is generated for one type. Plain text, so that the compiler can tell that nothing has changed.</summary>
/// <param name="FileName">Name of the generated file.</param>
/// <param name="Source">Its text; null when the type only has a line in the manifest.</param>
/// <param name="ManifestLine">The statement that adds it to the manifest; empty for none.</param>
internal sealed record GeneratedType(string FileName, string? Source, string ManifestLine);
