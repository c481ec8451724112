using System.Text;

namespace Mall.Tests.Fuzz;

/// <summary>Values that have tripped somebody somewhere, and how a good one is bent.</summary>
internal static class Oddities
{
    private static readonly string[] s_texts =
    [
        "", " ", "0", "-1", "null", "true", "13800000001", "\u0000", "\u200b", "\ufeff", "\u202e", "\u3164", "e\u0301",
        "\ud83d\ude00", "\ufffd", "a\nb", "' or 1=1 --", "../../etc/passwd", "%00", "%s%n", "${jndi:x}", "\u212a", "\u0130",
        new string('a', 128), new string('a', 129), new string('€', 300), new string('x', 5_000), "9007199254740993", "1e400",
    ];

    private static readonly string[] s_json =
    [
        "null", "true", "\"\"", "\"1\"", "[]", "{}", "[[[[]]]]", "{\"a\":{\"a\":1}}", "0", "-0", "-1", "1.5", "1e2", "1e400",
        "01", "NaN", "2147483648", "9007199254740991", "9007199254740992", "9223372036854775807", "9223372036854775808",
        "\"\\ud800\"", "\"\\u0000\"", "\"\\u200b\"", "'x'", "\"\t\"", "1 1", "",
    ];

    private static readonly long[] s_numbers =
        [0, 1, -1, 7, 127, 128, 999, 1000, 1001, int.MaxValue, int.MaxValue + 1L, 1L << 53, long.MaxValue, long.MinValue];

    public static T Of<T>(this Random random, IReadOnlyList<T> all) => all[random.Next(all.Count)];

    public static bool Once(this Random random, int inTimes) => random.Next(inTimes) == 0;

    public static string Text(this Random random) => random.Of(s_texts);

    public static string Json(this Random random) => random.Of(s_json);

    public static long Number(this Random random) => random.Of(s_numbers);

    /// <summary>What a header may carry: the HTTP client itself would refuse the rest.</summary>
    public static string Header(this Random random) =>
        new([.. random.Text().Where(c => c is >= ' ' and not '\u007f').Take(300)]);

    /// <summary>Some bytes changed, lost, doubled or added.</summary>
    public static byte[] Bend(this Random random, byte[] bytes)
    {
        var bent = bytes.ToList();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(bent.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < bent.Count: bent[at] ^= (byte)(1 << random.Next(8)); break;
                case 1 when at < bent.Count: bent.RemoveAt(at); break;
                case 2: bent.Insert(at, (byte)random.Next(256)); break;
                case 3: bent.RemoveRange(at, bent.Count - at); break;
                default: bent.InsertRange(at, bent.Take(at).TakeLast(16).ToArray()); break;
            }
        }

        return [.. bent];
    }

    public static byte[] Utf8(this string text) => Encoding.UTF8.GetBytes(text);
}
