namespace Mall.Simulation;

/// <summary>Tries to fail in the same way with fewer kinds of faults and in a shorter time.</summary>
public static class Shrinker
{
    private static readonly (string Name, Func<FaultPlan, FaultPlan> Without)[] s_steps =
    [
        ("kills", plan => plan with { Kills = 0 }),
        ("freezes", plan => plan with { Freezes = 0 }),
        ("stops", plan => plan with { Stops = 0 }),
        ("changes", plan => plan with { Changes = 0 }),
        ("clogs", plan => plan with { Clogs = 0 }),
        ("swizzles", plan => plan with { Swizzles = 0 }),
        ("splits", plan => plan with { Splits = 0 }),
        ("restarts", plan => plan with { Restarts = 0 }),
        ("locks", plan => plan with { Locks = 0 }),
        ("clocks apart", plan => plan with { LongestClockOff = TimeSpan.Zero }),
        ("a sick network", plan => plan with { Network = new() }),
        ("late news", plan => plan with { Membership = new() { LateNews = 0 } }),
        ("a sick database", plan => plan with { Database = plan.Database.Sound() }),
        ("operators", plan => plan with { Workload = plan.Workload with { Operators = 0 } }),
        ("old requests", plan => plan with { Workload = plan.Workload with { RepeatsOld = 0, ReusesKey = 0 } }),
        ("two at once", plan => plan with { Workload = plan.Workload with { Twice = 0 } }),
        ("most shoppers", plan => plan with { Workload = plan.Workload with { Shoppers = 4 } }),
    ];

    public static RunResult Shrink(RunOptions options, Action<string> print)
    {
        var best = Run.Once(options);
        if (best.Failures.Count == 0) return best;
        var kind = best.Kinds.FirstOrDefault(kind => !kind.StartsWith("(known)", StringComparison.Ordinal)) ?? best.Kinds.First();
        print($"seed {options.Seed} fails: {kind}");
        foreach (var (name, without) in s_steps)
        {
            var plan = without(best.Plan);
            if (plan == best.Plan) continue;
            Try(best.Options with { Plan = plan }, $"without {name}");
        }

        while (best.Options.Duration > TimeSpan.FromMinutes(1)
            && Try(best.Options with { Duration = best.Options.Duration * 0.75, Plan = best.Plan }, "shorter")) { }
        return best;

        bool Try(RunOptions less, string what)
        {
            var result = Run.Once(less);
            var isSame = result.Kinds.Contains(kind);
            print($"  {what}: {(isSame ? "the same" : "not the same")}");
            if (isSame) best = result;
            return isSame;
        }
    }
}
