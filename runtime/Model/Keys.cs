namespace Mall.Runtime;

/// <summary>Something that can be called by its identity: a grain, or a reference to one.</summary>
public interface IAddressable;

/// <summary>A virtual actor: it always exists, is activated by the first call and collected when idle.</summary>
public interface IGrain : IAddressable;

/// <summary>A grain whose key is a string, case sensitive.</summary>
public interface IGrainWithStringKey : IGrain;

/// <summary>A grain whose key is a 64-bit integer.</summary>
public interface IGrainWithIntegerKey : IGrain;

/// <summary>A grain whose key is a GUID.</summary>
public interface IGrainWithGuidKey : IGrain;
