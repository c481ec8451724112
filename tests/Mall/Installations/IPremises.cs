namespace Mall.Tests.Installations;

/// <summary>A mall that people can go to.</summary>
public interface IPremises
{
    /// <summary>A front door's address; where there are several, the next one each time.</summary>
    Uri Address { get; }
}
