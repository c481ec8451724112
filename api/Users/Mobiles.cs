using PhoneNumbers;

namespace Mall.Api.Users;

/// <summary>The one form of a mobile: however somebody writes it, it is theirs, and belongs to one account.</summary>
public static class Mobiles
{
    internal const int MaxLength = 40;

    /// <summary>The rule as a pattern, for readers of the OpenAPI document.</summary>
    internal const string Pattern = @"^[-+ ()\[\]0-9]{2,40}$";

    /// <summary>Completes a sentence that begins with the field.</summary>
    public const string Rule =
        "must be an international number after + or 00 (spaces, dashes and brackets do not count), or 5 to 20 digits";

    private static readonly SearchValues<char> s_between = SearchValues.Create(" \u00A0-\u2010\u2011\u2012\u2013()[]");

    /// <summary>
    /// An international number in E.164; whether anybody can be called there is not judged. Digits alone as they are, or read as
    /// that country's. Null for anything else.
    /// </summary>
    /// <param name="mobile">As somebody wrote it.</param>
    /// <param name="country">Two letters, or null.</param>
    public static string? Normalize(string mobile, string? country)
    {
        var number = string.Concat(mobile.Where(c => !s_between.Contains(c)));
        if (number.StartsWith("00", StringComparison.Ordinal)) number = "+" + number[2..];
        var isInternational = number.StartsWith('+');
        if (number.AsSpan(isInternational ? 1 : 0).ContainsAnyExceptInRange('0', '9')) return null;
        if (!isInternational && number.Length != mobile.Length) return null;
        if (!isInternational && country is null) return number.Length is >= 5 and <= 20 ? number : null;
        try
        {
            var numbers = PhoneNumberUtil.GetInstance();
            return numbers.Format(numbers.Parse(number, isInternational ? null : country), PhoneNumberFormat.E164);
        }
        catch (NumberParseException)
        {
            return null;
        }
    }

    internal static bool IsCountry(string country) => PhoneNumberUtil.GetInstance().GetSupportedRegions().Contains(country);
}
