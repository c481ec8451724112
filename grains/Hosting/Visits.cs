namespace Mall.Hosting;

/// <summary>
/// The calls and runs that are inside a grain. The last one has its activation given up, and no earlier one: once that is to go
/// Orleans lets nobody in before all are out, and one of them may wait long for others.
/// </summary>
/// <param name="leave">Gives the activation up.</param>
internal sealed class Visits(Action leave)
{
    private int _inside;

    public bool IsEmpty => _inside == 0;

    public Visit Enter()
    {
        _inside++;
        return new Visit(this);
    }

    private void End()
    {
        if (--_inside == 0) leave();
    }

    /// <summary>Ends when it is disposed of, once.</summary>
    public readonly struct Visit(Visits visits) : IDisposable
    {
        public void Dispose() => visits.End();
    }
}
