namespace Mall.Api.Events;

/// <summary>Something that has happened, as REST shows it to operators and as it is delivered to webhooks.</summary>
/// <param name="Id">Increases in the order in which things happened; there are gaps.</param>
/// <param name="Type">user.registered, order.placed, order.paid, order.closed, order.refunded, stock.low or shop.report.</param>
/// <param name="Time">When.</param>
/// <param name="Data">What it tells, by type.</param>
internal sealed record EventAnswer(long Id, string Type, DateTime Time, JsonElement Data)
{
    public static EventAnswer Of(MallEvent happened)
    {
        using var data = JsonDocument.Parse(happened.Data);
        return new(happened.Id, happened.Type, happened.Time.UtcDateTime, data.RootElement.Clone());
    }
}

/// <inheritdoc cref="Orders.OrderPageAnswer"/>
internal sealed record EventPageAnswer(
    IReadOnlyList<EventAnswer> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next, string Cursor)
{
    public static EventPageAnswer Of(EventPage page)
    {
        var cursor = page.Cursor.ToString(CultureInfo.InvariantCulture);
        return new([.. page.Items.Select(EventAnswer.Of)], page.IsMore ? cursor : null, cursor);
    }
}
