namespace Mall.Api.Schedules;

/// <summary>Something that is done at times, as REST shows it to operators.</summary>
/// <param name="Name">clean-up, shop-report or reconciliation.</param>
/// <param name="Cron">When: minute, hour, day, month, day of the week; of six fields the first is the second.</param>
/// <param name="Zone">The time zone in which that is meant.</param>
/// <param name="Paused">It is not done by itself.</param>
/// <param name="LastRun">When the last run ended; absent before the first.</param>
/// <param name="NextRun">Absent while it is paused, and in the first second of a mall.</param>
/// <param name="Outcome">Of the last run, in words.</param>
internal sealed record ScheduleAnswer(
    string Name, string Cron, string Zone, bool Paused, DateTime? LastRun, DateTime? NextRun, string? Outcome)
{
    public static ScheduleAnswer Of(ScheduleView schedule) => new(
        schedule.Name, schedule.Cron, schedule.Zone, schedule.IsPaused, schedule.LastRun?.UtcDateTime,
        schedule.NextRun?.UtcDateTime, schedule.Outcome);
}

/// <summary>A page of schedules, by name.</summary>
internal sealed record SchedulePageAnswer(
    IReadOnlyList<ScheduleAnswer> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next,
    string Cursor);

/// <summary>What to change of a schedule: an absent field stays as it is.</summary>
/// <param name="Cron">A cron expression of 5 fields, or 6 with seconds.</param>
/// <param name="Zone">A time zone such as UTC or Europe/Berlin.</param>
/// <param name="Paused">Whether it is not to be done by itself.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ChangeScheduleInput(
    [property: Length(1, ScheduleEndpoints.MaxText)] string? Cron = null,
    [property: Length(1, ScheduleEndpoints.MaxText)] string? Zone = null,
    bool? Paused = null);

/// <summary>REST: schedules, for operators.</summary>
internal static class ScheduleEndpoints
{
    public const int MaxText = 100;

    public static void MapSchedules(this IEndpointRouteBuilder routes)
    {
        var schedules = routes.MapGroup("/v1/schedules").WithTags("Schedules").RequireAuthorization(Policies.Operator);
        schedules.MapGet("", List);
        schedules.MapPost("/{name}/run", Run).Refuses(ErrorCodes.KeyReused);
        schedules.MapPatch("/{name}", Change);
    }

    /// <summary>List schedules</summary>
    /// <param name="after">The next or the cursor of a page before; absent for the first page.</param>
    /// <param name="limit">How many.</param>
    /// <response code="200">A page, by name.</response>
    internal static async Task<Ok<SchedulePageAnswer>> List(
        IGrainFactory grains, Patience patience, string? after, [Range(1, Paging.MaxLimit)] int limit = Paging.DefaultLimit)
    {
        var begin = Paging.Place(after, isNumbered: false) ?? new ListPlace(0, "");
        var all = await patience.Insist(() => grains.GetGrain<IScheduleDirectoryGrain>(0).List());
        var rest = all.Where(schedule => string.CompareOrdinal(schedule.Name, begin.Key) > 0).ToList();
        var page = rest.Take(limit).Select(ScheduleAnswer.Of).ToList();
        var cursor = (page is [.., var last] ? new ListPlace(0, last.Name) : begin).ToString();
        return new(new SchedulePageAnswer(page, rest.Count > limit ? cursor : null, cursor));
    }

    /// <summary>Run a schedule now</summary>
    /// <remarks>Also one that is paused. A run that is under way is joined; the answer comes when it has ended.</remarks>
    /// <param name="name">The schedule.</param>
    /// <response code="200">The schedule after it, with the outcome.</response>
    internal static async Task<Ok<ScheduleAnswer>> Run(
        Caller caller, string name, [IdempotencyKey] string? key, IGrainFactory grains, Patience patience)
    {
        var idempotency = key.ToIdempotency(caller.UserId, $"run {Check(name)}");
        var ran = await patience.Once(() => grains.GetGrain<IScheduleGrain>(name).Run(idempotency)) ?? throw NoSuchSchedule();
        return ran.As(ScheduleAnswer.Of);
    }

    /// <summary>Change a schedule</summary>
    /// <remarks>An absent field stays as it is.</remarks>
    /// <param name="name">The schedule.</param>
    /// <param name="body" example='{"cron": "30 3 * * *", "zone": "Europe/Berlin"}'>What to change.</param>
    /// <response code="200">The schedule after it.</response>
    internal static async Task<Ok<ScheduleAnswer>> Change(
        string name, Body<ChangeScheduleInput> body, IGrainFactory grains, Patience patience)
    {
        var checks = new FieldChecks();
        var cron = checks.OptionalText("cron", body.Value.Cron, 1, MaxText);
        var zone = checks.OptionalText("zone", body.Value.Zone, 1, MaxText);
        checks.ThrowIfAny();
        var command = new ChangeSchedule(cron, zone, body.Value.Paused);
        var changed = await patience.Insist(() => grains.GetGrain<IScheduleGrain>(Check(name)).Change(command))
            ?? throw NoSuchSchedule();
        return changed.As(ScheduleAnswer.Of);
    }

    private static string Check(string name)
    {
        var checks = new FieldChecks();
        checks.Text("name", name, 1, MaxText);
        checks.ThrowIfAny();
        return name;
    }

    private static ProblemException NoSuchSchedule() =>
        new(Problem.BadRequest(StatusCodes.Status404NotFound, "There is no schedule of this name."));
}
