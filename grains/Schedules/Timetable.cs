using Cronos;

namespace Mall.Schedules;

/// <summary>What a cron expression means in a time zone, summer time included.</summary>
public static class Timetable
{
    /// <summary>The next time after a moment; null when there is none.</summary>
    /// <exception cref="CronFormatException">It is no expression.</exception>
    /// <exception cref="TimeZoneNotFoundException">There is no such zone.</exception>
    public static DateTimeOffset? Next(string cron, string zone, DateTimeOffset after) =>
        Parse(cron).GetNextOccurrence(after, TimeZoneInfo.FindSystemTimeZoneById(zone));

    /// <summary>What is wrong with them, or null.</summary>
    public static Refusal? Complaint(string cron, string zone, DateTimeOffset now)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            return Result.BadField("zone", "must be a time zone such as UTC or Europe/Berlin");
        try
        {
            return Next(cron, zone, now) is null ? Result.BadField("cron", "must have a time that comes") : null;
        }
        catch (CronFormatException)
        {
            return Result.BadField("cron", "must be a cron expression of 5 fields, or 6 with seconds, such as 30 3 * * *");
        }
    }

    /// <summary>
    /// When a day begins: where clocks skip midnight, at their next time; where they show it twice, the first time. So each day
    /// ends where the next begins, however long it is.
    /// </summary>
    public static DateTimeOffset StartOf(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);

        // Of a time that is skipped the offset is that before the change, so it is the very moment of the change.
        var offset = zone.IsAmbiguousTime(midnight)
            ? zone.GetAmbiguousTimeOffsets(midnight).Max()
            : zone.GetUtcOffset(midnight);
        return new DateTimeOffset(midnight, offset).ToUniversalTime();
    }

    private static CronExpression Parse(string cron) => CronExpression.Parse(
        cron, cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length == 6
            ? CronFormat.IncludeSeconds
            : CronFormat.Standard);
}
