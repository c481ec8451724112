namespace Mall;

/// <summary>JSON's readers keep numbers as doubles: what is beyond this comes out as another number there.</summary>
public static class ExactNumbers
{
    public const long Max = 9_007_199_254_740_991; // 2^53 - 1
}
