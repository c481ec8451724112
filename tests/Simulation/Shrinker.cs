namespace Mall.Simulation;

/// <summary>Tries to fail in the same way with fewer kinds of faults and in a shorter time.</summary>
public static class Shrinker
{
    private static readonly IEnumerable<(string Name, Func<FaultPlan, FaultPlan> Without)> s_steps =
    [
        .. typeof(FaultPlan).GetProperties().Where(rate => rate.PropertyType == typeof(double)).Select(rate => (
            rate.Name, new Func<FaultPlan, FaultPlan>(plan =>
            {
                var less = plan with { };
                rate.SetValue(less, 0.0);
                return less;
            }))),
        ("a sick database", plan => plan with { Database = plan.Database.Sound() }),
        ("operators", plan => plan with { Workload = plan.Workload with { Operators = 0 } }),
        ("old requests", plan => plan with { Workload = plan.Workload with { RepeatsOld = 0, ReusesKey = 0 } }),
        ("two at once", plan => plan with { Workload = plan.Workload with { Twice = 0 } }),
        ("most shoppers", plan => plan with { Workload = plan.Workload with { Shoppers = 4 } }),
    ];

    public static RunResult Shrink(RunOptions options, Action<string> print)
    {
        var best = Run.Once(options);
        if (best.Kinds.FirstOrDefault() is not { } kind) return best;
        print($"seed {options.Seed} fails: {kind}");
        foreach (var (name, without) in s_steps)
            if (without(best.Plan) is var less && less != best.Plan) Try(best.Options with { Plan = less }, $"without {name}");
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
