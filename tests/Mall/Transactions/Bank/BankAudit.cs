namespace Mall.Tests.Transactions.Bank;

/// <summary>What the services' databases say, against what the manager and the clients have said.</summary>
public static class BankAudit
{
    /// <summary>A line for each transaction that did not come to what it should have.</summary>
    public static async Task<List<string>> FindAsync(BankServices bank, IEnumerable<(Deal Deal, string? Status)> deals)
    {
        var effects = (await bank.AskAsync("select gid, branch_id, op from effects"))
            .Concat(bank.Xa is null ? [] : (await bank.Xa.AskAsync("select gid, branch_id, 'action' from effects")))
            .ToLookup(line => line.Split(' ')[0], line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        return [.. deals.SelectMany(deal => Look(deal.Deal, deal.Status, [.. effects[deal.Deal.Gid].Order()]))];
    }

    /// <summary>What is wrong with the books as a whole, when nothing runs any more.</summary>
    public static async Task<List<string>> FindInBooksAsync(BankServices bank)
    {
        var findings = new List<string>();
        async Task NoneAsync(string what, Task<string[]> rows) => findings.AddRange((await rows).Select(row => $"{what}: {row}"));
        await NoneAsync("held still", bank.AskAsync("select * from accounts where held <> 0"));
        await NoneAsync("money came or went", bank.AskAsync(
            $"select sum(balance) from accounts having sum(balance) <> {BankServices.Accounts * BankServices.Opening}"));
        await NoneAsync("done twice", bank.AskAsync(
            "select gid, branch_id, op, count(*) from effects group by gid, branch_id, op having count(*) > 1"));
        await NoneAsync("done without its barrier", bank.AskAsync("""
            select e.* from effects e
            left join barrier b on b.gid = e.gid and b.branch_id = e.branch_id and b.op = e.op and b.reason = e.op
            where b.gid is null
            """));
        // A compensation of what never happened does nothing: it is the reason of its origin's row, too.
        await NoneAsync("a barrier and nothing done", bank.AskAsync("""
            select b.gid, b.branch_id, b.op from barrier b
            left join effects e on e.gid = b.gid and e.branch_id = b.branch_id and e.op = b.op
            where b.reason = b.op and e.gid is null and not exists (
              select 1 from barrier o where o.gid = b.gid and o.branch_id = b.branch_id and o.op <> b.op and o.reason = b.op)
            """));
        if (bank.Xa is not { } xa) return findings;
        await NoneAsync("prepared for ever", xa.AskAsync("xa recover"));
        await NoneAsync("money of xa came or went", xa.AskAsync(
            "select sum(balance) from accounts having sum(balance) <> 0"));
        await NoneAsync("done twice by xa", xa.AskAsync(
            "select gid, branch_id, count(*) from effects group by gid, branch_id having count(*) > 1"));
        return findings;
    }

    private static IEnumerable<string> Look(Deal deal, string? status, string[] effects)
    {
        var shown = $"{deal} is {status}, its client was told {deal.IsAccepted}, done: {string.Join(", ", effects)}";
        if (status is not ("succeed" or "failed")) yield return $"It was lost. {shown}";
        else if (status != Expected(deal, effects)) yield return $"It came to something else. {shown}";
        else if (!(status == "succeed" ? IsWhole(deal, effects) : IsUndone(effects))) yield return $"It is half done. {shown}";
    }

    private static string Expected(Deal deal, string[] effects) => deal.Course switch
    {
        Course.SagaGoesWell or Course.ConcurrentSagaGoesWell or Course.WorkflowGoesWell or Course.WorkflowClientDies => "succeed",
        Course.MessageIsSent or Course.MessageClientDiesAfterItsWork or Course.MessageClientDiesBeforeItsWork =>
            effects.Contains("00 msg") ? "succeed" : "failed",
        Course.TccGoesWell or Course.XaGoesWell => deal.IsAccepted is true ? "succeed" : "failed",
        _ => "failed",
    };

    private static bool IsWhole(Deal deal, string[] effects)
    {
        string[] whole = deal.Course switch
        {
            Course.ConcurrentSagaGoesWell => ["01 action", "02 action", "03 action"],
            Course.MessageIsSent or Course.MessageClientDiesAfterItsWork or Course.MessageClientDiesBeforeItsWork =>
                ["00 msg", "01 action"],
            Course.TccGoesWell => ["01 confirm", "01 try", "02 confirm", "02 try"],
            _ => ["01 action", "02 action"],
        };
        return effects.SequenceEqual(whole);
    }

    /// <summary>Nothing was done, or each thing once and its contrary once.</summary>
    private static bool IsUndone(string[] effects)
    {
        var forward = effects.Where(e => e.EndsWith(" action", StringComparison.Ordinal)
            || e.EndsWith(" try", StringComparison.Ordinal)).Select(e => e[..2]);
        var back = effects.Where(e => e.EndsWith(" compensate", StringComparison.Ordinal)
            || e.EndsWith(" rollback", StringComparison.Ordinal)
            || e.EndsWith(" cancel", StringComparison.Ordinal)).Select(e => e[..2]);
        return forward.SequenceEqual(back) && forward.Count() * 2 == effects.Length
            && forward.Distinct().Count() == forward.Count();
    }
}
