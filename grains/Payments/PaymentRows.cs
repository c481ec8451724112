namespace Mall.Payments;

/// <summary>The table <c>payments</c>: shapes of its changes, and queries. Its fence is the status.</summary>
internal static class PaymentRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_orderId = new("order_id", ColumnType.Number);
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_amount = new("amount", ColumnType.Number);
    private static readonly Column s_status = new("status", ColumnType.Number);
    private static readonly Column s_provider = new("provider", ColumnType.Text);
    private static readonly Column s_providerRef = new("provider_ref", ColumnType.Text);
    private static readonly Column s_payUrl = new("pay_url", ColumnType.Text);
    private static readonly Column s_publicUrl = new("public_url", ColumnType.Text);
    private static readonly Column s_paidTime = new("paid_time", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);

    private static readonly Table s_payments = new("payments", s_id);

    private static readonly RowShape s_insert = s_payments.Insert(
        s_id, s_orderId, s_userId, s_amount, s_status, s_provider, s_publicUrl, s_createTime, s_updateTime);

    private static readonly RowShape s_open =
        s_payments.Update().Guard(s_status).Set(s_status, s_providerRef, s_payUrl, s_updateTime);

    private static readonly RowShape s_report =
        s_payments.Update().Guard(s_status).Set(s_status, s_providerRef, s_paidTime, s_updateTime);

    private static readonly RowShape s_refund = s_payments.Update().Guard(s_status).Set(s_status, s_updateTime);

    private const string Select =
        "select id, order_id, user_id, amount, status, provider, provider_ref, pay_url, public_url from payments ";

    public static readonly Query<Payment> ById = new(Select + "where id = @p1", Read);

    public static readonly Query<Payment> OfOrder = new(Select + "where order_id = @p1", Read);

    public static RowChange Insert(Payment payment, DateTimeOffset now) => s_insert.With(
        payment.Id, payment.OrderId, payment.UserId, payment.Amount, payment.Status, payment.Provider,
        payment.PublicUrl, now, now);

    /// <summary>Its provider knows of it, and it is waiting, or goes on waiting.</summary>
    public static RowChange Open(Payment before, ProviderAnswer answer, int status, DateTimeOffset now) =>
        s_open.With(before.Id, before.Status, status, answer.ProviderRef, answer.PayUrl, now);

    /// <summary>It has succeeded, or failed.</summary>
    public static RowChange Report(Payment before, PaymentReport report, DateTimeOffset now) => report.HasSucceeded
        ? s_report.With(
            before.Id, before.Status, PaymentStatus.Succeeded, report.ProviderRef, report.PaidAt ?? now, now)
        : s_report.With(before.Id, before.Status, PaymentStatus.Failed, report.ProviderRef, Value.Null, now);

    public static RowChange Refund(long id, DateTimeOffset now) =>
        s_refund.With(id, PaymentStatus.Succeeded, PaymentStatus.Refunded, now);

    private static Payment Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt32(4), row.GetString(5),
        row.TextOrNull(6), row.TextOrNull(7), row.GetString(8));
}

/// <summary>A row of <c>payments</c>.</summary>
internal sealed record Payment(
    long Id, long OrderId, long UserId, long Amount, int Status, string Provider, string? ProviderRef, string? PayUrl,
    string PublicUrl)
{
    public PaymentView View => new(Id, OrderId, UserId, Amount, Status, PayUrl, ProviderRef);

    public ProviderRequest ToProvider => new(Id, OrderId, Amount, PublicUrl);
}
