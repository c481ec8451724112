namespace Mall.Ledger;

/// <summary>A barrier row: of the key's own op, or of the action that its compensation tries first.</summary>
internal readonly record struct BarrierRow(BarrierKey Key, string Op)
{
    public static IEnumerable<BarrierRow> Origins(IEnumerable<BarrierKey> keys) =>
        keys.Where(key => Barrier.HasOrigin(key.Op)).Select(key => new BarrierRow(key, BarrierOps.Action));

    public static IEnumerable<BarrierRow> Own(IEnumerable<BarrierKey> keys) => keys.Select(key => new BarrierRow(key, key.Op));
}
