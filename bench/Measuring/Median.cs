namespace Mall.Bench.Measuring;

/// <summary>The value in the middle.</summary>
static class Median
{
    /// <summary>Of an even number of values the mean of the two in the middle.</summary>
    /// <param name="ascending">At least one.</param>
    public static double Of(double[] ascending) => (ascending[(ascending.Length - 1) / 2] + ascending[ascending.Length / 2]) / 2;
}
