using Mall.Api.Users;
using Mall.Users;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mall.Silo.Admin;

/// <summary>
/// <c>admin create --mobile m --password p --role operator --db db</c>: makes an account beside a mall that may be running. It is
/// the only way to an operator: nothing that comes through the network can make one. Without <c>--password</c> it is the first
/// line of the standard input, which nobody sees in a list of processes.
/// </summary>
internal static class AdminCommand
{
    private static readonly string[] s_options = ["--mobile", "--password", "--role", "--name", "--db"];

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["create", .. var given]) throw new SettingsException("admin", "knows one command, create");
        var options = Read(given);
        var role = options.GetValueOrDefault("--role", "operator");
        if (role is not ("operator" or "user")) throw new SettingsException("--role", $"'{role}' is neither operator nor user");
        var configuration = new ConfigurationBuilder()
            .AddMallSettings(options.TryGetValue("--db", out var db) ? ["--db", db] : []).Build();
        var mobile = Mobiles.Normalize(Required(options, "--mobile"), MallSettings.CountryOf(configuration))
            ?? throw new SettingsException("admin create", $"mobile {Mobiles.Rule}");
        var (password, name) = (Password(options), options.GetValueOrDefault("--name", ""));
        if (Mall.Api.Auth.Credentials.Complaint(password, name) is { } complaint)
            throw new SettingsException("admin create", complaint);

        var account = new NewUser(
            mobile, Mall.Api.Auth.Credentials.Hash(password), name, "", role);
        var ledgerOptions = new LedgerOptions { Address = MallSettings.Database(configuration), SharesFile = true };
        await using var ledger = new DurableLedger(
            LedgerServices.StoreAt(ledgerOptions, TimeProvider.System), ledgerOptions, new LedgerClock(TimeProvider.System),
            new LedgerMetrics(), NullLogger<DurableLedger>.Instance);
        await ledger.OpenAsync();
        var (id, isNew) = await Accounts.PutAsync(ledger, account, TimeProvider.System.GetUtcNow());
        Console.WriteLine($"{(isNew ? "Created" : "Updated")} account {id} with role {role}.");
        return 0;
    }

    private static Dictionary<string, string> Read(string[] args)
    {
        var options = new Dictionary<string, string>();
        for (var i = 0; i < args.Length; i += 2)
        {
            if (!s_options.Contains(args[i]))
                throw new SettingsException(
                    args[i], $"is not an option of admin create; there are {string.Join(", ", s_options)}");
            if (i + 1 == args.Length) throw new SettingsException(args[i], "needs a value");
            if (!options.TryAdd(args[i], args[i + 1])) throw new SettingsException(args[i], "is given twice");
        }

        return options;
    }

    private static string Password(Dictionary<string, string> options) =>
        options.GetValueOrDefault("--password") ?? Console.In.ReadLine()
        ?? throw new SettingsException("--password", "is needed");

    private static string Required(Dictionary<string, string> options, string name) =>
        options.TryGetValue(name, out var value) && value.Length > 0 ? value : throw new SettingsException(name, "is needed");
}
