namespace Mall.Runtime;

/// <summary>The exception types that may be constructed from a frame.</summary>
internal sealed class ExceptionTypes(IReadOnlyDictionary<string, Func<string, Exception?, Exception>> ofManifests)
{
    private static readonly Dictionary<string, Func<string, Exception?, Exception>> OfFramework = new(StringComparer.Ordinal)
    {
        [typeof(ArgumentException).FullName!] = (m, i) => new ArgumentException(m, i),
        [typeof(ArgumentNullException).FullName!] = (m, i) => new ArgumentNullException(m, i),
        [typeof(ArgumentOutOfRangeException).FullName!] = (m, i) => new ArgumentOutOfRangeException(m, i),
        [typeof(FormatException).FullName!] = (m, i) => new FormatException(m, i),
        [typeof(InvalidOperationException).FullName!] = (m, i) => new InvalidOperationException(m, i),
        [typeof(KeyNotFoundException).FullName!] = (m, i) => new KeyNotFoundException(m, i),
        [typeof(NotImplementedException).FullName!] = (m, i) => new NotImplementedException(m, i),
        [typeof(NotSupportedException).FullName!] = (m, i) => new NotSupportedException(m, i),
        [typeof(ObjectDisposedException).FullName!] = (m, i) => new ObjectDisposedException(m, i),
        [typeof(OperationCanceledException).FullName!] = (m, i) => new OperationCanceledException(m, i),
        [typeof(OverflowException).FullName!] = (m, i) => new OverflowException(m, i),
        [typeof(TaskCanceledException).FullName!] = (m, i) => new TaskCanceledException(m, i),
        [typeof(TimeoutException).FullName!] = (m, i) => new TimeoutException(m, i),
        [typeof(UnauthorizedAccessException).FullName!] = (m, i) => new UnauthorizedAccessException(m, i),
    };

    public Exception Create(string typeName, string message, Exception? inner)
    {
        if (OfFramework.TryGetValue(typeName, out var create) || ofManifests.TryGetValue(typeName, out create))
            return create(message, inner);
        return new RemoteGrainException(typeName, message, inner);
    }
}
