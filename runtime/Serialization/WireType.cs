namespace Mall.Runtime;

/// <summary>
/// How the value of a field is written, the low three bits of its tag. A reader that does not know a field skips it by this
/// alone, so older and newer versions of a message understand each other.
/// </summary>
public enum WireType : byte
{
    /// <summary>Ends a group. The byte 0: no field has the number 0.</summary>
    EndGroup = 0,

    /// <summary>A base-128 number of up to 64 bits, low bits first.</summary>
    Varint = 1,

    /// <summary>Four bytes, little endian.</summary>
    Fixed32 = 2,

    /// <summary>Eight bytes, little endian.</summary>
    Fixed64 = 3,

    /// <summary>Sixteen bytes.</summary>
    Fixed128 = 4,

    /// <summary>A varint that counts bytes, and the bytes.</summary>
    Bytes = 5,

    /// <summary>Fields up to <see cref="EndGroup"/>: a message or a collection.</summary>
    Group = 6,
}
