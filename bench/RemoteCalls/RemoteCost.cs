using Mall.Bench.Measuring;

namespace Mall.Bench.RemoteCalls;

/// <summary>What calls between two processes cost, by call.</summary>
static class RemoteCost
{
    /// <summary>Processor time of both processes.</summary>
    public const string CpuOfBoth = "cpuOfBothUs";

    /// <summary>Processor time of the process that is called.</summary>
    public const string CpuOfOther = "cpuOfOtherUs";

    public const string OtherAllocates = "otherAllocatesBytes";
    public const string RequestBytes = "requestBytes";
    public const string ReplyBytes = "replyBytes";

    /// <summary>Frames that went out together, on average: each write is a system call.</summary>
    public const string RequestsPerWrite = "requestsPerWrite";
    public const string RepliesPerWrite = "repliesPerWrite";

    /// <param name="calls">What the callers measured.</param>
    /// <param name="here">What their process spent meanwhile.</param>
    /// <param name="there">What the other one did.</param>
    public static Measurement AddTo(Measurement calls, ProcessFigures here, ProcessFigures there)
    {
        var finished = Math.Max(1, calls.Metrics[Metric.Operations] + calls.Metrics[Metric.Errors]);
        return calls
            .With(CpuOfBoth, (here.CpuUs + there.CpuUs) / finished)
            .With(CpuOfOther, there.CpuUs / finished)
            .With(OtherAllocates, there.AllocatedBytes / finished)
            .With(RequestBytes, here.Bytes / finished)
            .With(ReplyBytes, there.Bytes / finished)
            .With(RequestsPerWrite, here.Frames / Math.Max(1.0, here.Writes))
            .With(RepliesPerWrite, there.Frames / Math.Max(1.0, there.Writes));
    }
}
