using System.Runtime.InteropServices;

namespace Mall.Silo;

/// <summary>The host drains on the first SIGTERM or SIGINT. Whoever sends another does not want to wait.</summary>
internal static class SecondSignal
{
    private const int KilledByTerm = 128 + 15;
    private static int s_signals;

    public static IDisposable EndsAtOnce() => new Registrations(
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Count), PosixSignalRegistration.Create(PosixSignal.SIGINT, Count));

    private static void Count(PosixSignalContext signal)
    {
        if (Interlocked.Increment(ref s_signals) > 1) Environment.Exit(KilledByTerm);
    }

    private sealed record Registrations(IDisposable Term, IDisposable Int) : IDisposable
    {
        public void Dispose()
        {
            Term.Dispose();
            Int.Dispose();
        }
    }
}
