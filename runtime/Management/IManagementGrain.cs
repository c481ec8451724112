#pragma warning disable MALL0005 // The arrays are Orleans' shape; every call makes new ones.
namespace Mall.Runtime;

/// <summary>Asks and steers the runtime, for operators. The grain with the integer key 0.</summary>
public interface IManagementGrain : IGrainWithIntegerKey
{
    /// <summary>The silos.</summary>
    /// <param name="onlyActive">Leaves out those that are not active.</param>
    Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false);

    /// <summary>Activations by grain type and silo.</summary>
    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics();

    /// <summary>Activations of all types in all silos.</summary>
    Task<int> GetTotalActivationCount();

    /// <summary>Deactivates what nobody has called for this long.</summary>
    Task ForceActivationCollection(TimeSpan ageLimit);
}
