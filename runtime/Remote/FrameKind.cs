namespace Mall.Runtime;

/// <summary>What a frame between silos is: its first byte.</summary>
internal enum FrameKind : byte
{
    /// <summary>A call. Fields as in <see cref="RequestField"/>.</summary>
    Request = 1,

    /// <summary>The end of a call. Fields as in <see cref="ReplyField"/>.</summary>
    Reply = 2,

    /// <summary>The caller has given up. Field 1: the call's number.</summary>
    Cancel = 3,

    /// <summary>
    /// A silo that is about to activate a grain asks its former owner to let go. Fields as in <see cref="RequestField"/>.
    /// </summary>
    Release = 4,

    /// <summary>The grain is not active here any more. Field 1: the asker's number.</summary>
    Released = 5,
}

/// <summary>Fields of a request frame. The arguments come last: what stands before says how to read them.</summary>
internal static class RequestField
{
    public const uint Call = 1;
    public const uint ViewVersion = 2;
    public const uint Method = 3;
    public const uint GrainType = 4;
    public const uint TextKey = 5;
    public const uint NumberKey = 6;
    public const uint TimeoutMs = 7;
    public const uint SourceType = 8;
    public const uint SourceTextKey = 9;
    public const uint SourceNumberKey = 10;
    public const uint Context = 11;
    public const uint TraceParent = 12;
    public const uint OneWay = 13;
    public const uint Arguments = 14;

    /// <summary>How often a one-way call has been passed on.</summary>
    public const uint Hops = 15;

    /// <summary>1: to be passed on to the grain's owner, which the caller cannot reach itself.</summary>
    public const uint Detour = 16;
}

/// <summary>Fields of a reply frame: the call's number, and one of the others.</summary>
internal static class ReplyField
{
    public const uint Call = 1;
    public const uint Result = 2;
    public const uint Fault = 3;

    /// <summary>The silo does not own the grain in its view, of this version. The request has not run.</summary>
    public const uint NotOwner = 4;
}
