using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Mall.Silo.Observability;

/// <summary>What is linked with a trace that is recorded is recorded, too: a story is told to its end, or not at all.</summary>
internal sealed class LinkedSampler(Sampler others) : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        samplingParameters.Links?.Any(link => link.Context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)) is true
            ? new SamplingResult(SamplingDecision.RecordAndSample)
            : others.ShouldSample(samplingParameters);
}
