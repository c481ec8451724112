namespace Mall.Sagas;

/// <summary>The statuses of a saga: DTM's, as they stand in <c>sagas.status</c>.</summary>
public static class SagaStatus
{
    /// <summary>A client has announced it and will submit it.</summary>
    public const string Prepared = "prepared";

    /// <summary>The intent is durable; branches are being called.</summary>
    public const string Submitted = "submitted";

    /// <summary>A branch refused, or an operator aborted: branches are being compensated.</summary>
    public const string Aborting = "aborting";

    public const string Succeed = "succeed";
    public const string Failed = "failed";

    public static bool HasEnded(string status) => status is Succeed or Failed;
}

/// <summary>The statuses of a branch, as they stand in <c>saga_branches.status</c>.</summary>
public static class BranchStatus
{
    /// <summary>Started or not: nothing is known of its effect.</summary>
    public const string Prepared = "prepared";

    public const string Succeed = "succeed";

    /// <summary>The action answered no.</summary>
    public const string Refused = "refused";
}
