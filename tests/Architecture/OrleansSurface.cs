namespace Mall.Architecture.Tests;

/// <summary>
/// What grains may name of the runtime: names that Microsoft Orleans 10 has with the same shape, and of those only the ones
/// the mall has a use for. A name more here is a promise that <c>-p:ActorRuntime=Orleans</c> still compiles.
/// </summary>
static class OrleansSurface
{
    /// <summary>Types; a member of one is written <c>Type.Member</c> in <see cref="Members"/>.</summary>
    public static readonly HashSet<string> Types =
    [
        "IAddressable", "IGrain", "IGrainWithStringKey", "IGrainWithIntegerKey", "IGrainWithGuidKey",
        "Grain", "IGrainBase", "IGrainContext", "IGrainFactory", "IClusterClient", "GrainId",
        "DeactivationReason", "DeactivationReasonCode",
        "IGrainTimer", "GrainTimerCreationOptions",
        "ReentrantAttribute", "MayInterleaveAttribute", "StatelessWorkerAttribute",
        "HashBasedPlacementAttribute", "PreferLocalPlacementAttribute",
        "AlwaysInterleaveAttribute", "ReadOnlyAttribute", "OneWayAttribute",
        "GenerateSerializerAttribute", "IdAttribute", "AliasAttribute", "ImmutableAttribute",
        "IIncomingGrainCallFilter", "IIncomingGrainCallContext",
        "IOutgoingGrainCallFilter", "IOutgoingGrainCallContext", "IGrainCallContext",
        "RequestContext", "ISiloBuilder", "IManagementGrain",
        "SiloUnavailableException", "LimitExceededException",
    ];

    /// <summary>Members of these types, by name. Constructors of the types above are allowed.</summary>
    public static readonly HashSet<string> Members =
    [
        "Grain.GrainFactory", "Grain.GrainContext", "Grain.OnActivateAsync", "Grain.OnDeactivateAsync",
        "Grain.DeactivateOnIdle", "Grain.DelayDeactivation",
        "IGrainBase.GrainContext", "IGrainBase.OnActivateAsync", "IGrainBase.OnDeactivateAsync",
        "IGrainContext.GrainId", "IGrainContext.GrainInstance", "IGrainContext.ActivationServices", "IGrainContext.Deactivate",
        "IGrainFactory.GetGrain", "GrainId.ToString",
        "DeactivationReason.ReasonCode", "DeactivationReason.Description", "DeactivationReason.Exception",
        "DeactivationReasonCode.ApplicationRequested", "DeactivationReasonCode.ApplicationError",
        "DeactivationReasonCode.ShuttingDown",
        "IGrainTimer.Change", "IGrainTimer.Dispose",
        "GrainTimerCreationOptions.DueTime", "GrainTimerCreationOptions.Period",
        "GrainTimerCreationOptions.Interleave", "GrainTimerCreationOptions.KeepAlive",
        "IGrainCallContext.Grain", "IGrainCallContext.SourceId", "IGrainCallContext.TargetId", "IGrainCallContext.InterfaceName",
        "IGrainCallContext.MethodName", "IGrainCallContext.Result", "IGrainCallContext.Invoke",
        "IIncomingGrainCallFilter.Invoke", "IOutgoingGrainCallFilter.Invoke",
        "RequestContext.Get", "RequestContext.Set", "RequestContext.Remove", "RequestContext.Clear",
        "ISiloBuilder.Services", "ISiloBuilder.Configuration",
        "IManagementGrain.GetDetailedHosts", "IManagementGrain.GetSimpleGrainStatistics",
        "IManagementGrain.GetTotalActivationCount", "IManagementGrain.ForceActivationCollection",
    ];

    /// <summary>
    /// Extension methods, by name alone: the static classes that hold them are called otherwise in Orleans; nobody names them.
    /// </summary>
    public static readonly HashSet<string> Extensions =
    [
        "GetPrimaryKeyString", "GetPrimaryKeyLong", "GetPrimaryKey", "GetGrainId", "AsReference", "RegisterGrainTimer",
        "AddIncomingGrainCallFilter", "AddOutgoingGrainCallFilter", "AddStartupTask",
    ];
}
