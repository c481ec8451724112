namespace Mall.Api.Validation;

/// <summary>How lists are cut into pages, through either door.</summary>
internal static class Paging
{
    public const int DefaultLimit = 20;
    public const int MaxLimit = 100;

    /// <summary>The place that a client gives back; null when it gives none.</summary>
    /// <param name="isNumbered">Whether it is a list of what has ids.</param>
    public static ListPlace? Place(string? after, bool isNumbered = true) => after is null
        ? null
        : ListPlace.Parse(after, isNumbered)
            ?? throw new ProblemException(Problem.BadField("after", "must be a next or cursor of this list"));

    /// <summary>A limit as messages carry it: zero, which is what absent reads as, stands for the default.</summary>
    public static int OrDefaultLimit(this int limit) => limit switch
    {
        0 => DefaultLimit,
        > 0 and <= MaxLimit => limit,
        _ => throw new ProblemException(Problem.BadField("limit", $"must be a number from 1 to {MaxLimit}")),
    };
}
