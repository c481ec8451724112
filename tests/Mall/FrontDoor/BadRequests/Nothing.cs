namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>Names, as JSON writes them, of which nobody sees anything, or that turn what stands around them.</summary>
internal static class Nothing
{
    public static string[] Shown { get; } =
    [
        @"\u200b", @"\ufeff", @"\u00ad", @"\u3164", @"\u115f", @"\uffa0", @"\u2800", @"\u180e", @"\u2060", @"\u00a0\u2003",
        @"\u200d\u200c", @"\ufe0f", @"\u0301", @"\udb40\udc41", @"\u202e", @"shop\u202egnp", @"\u2066shop\u2069",
    ];
}
