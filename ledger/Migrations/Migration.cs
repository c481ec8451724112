namespace Mall.Ledger;

/// <summary>A numbered script that brings the schema one step further.</summary>
/// <param name="Number">From 1, without gaps; the same in every store.</param>
/// <param name="Name">What it does, as its file says: <c>0003_create_users_and_shops</c>.</param>
/// <param name="Checksum">SHA-256 of the script, so that a change after it was applied is noticed.</param>
/// <param name="Script">The SQL.</param>
internal sealed record Migration(int Number, string Name, string Checksum, string Script);

/// <summary>A row of <c>schema_version</c>: a migration that the database has had.</summary>
internal sealed record AppliedMigration(int Number, string Name, string Checksum);
