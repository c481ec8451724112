using System.Text.Json;

namespace Mall.Events;

/// <summary>
/// How an event is told: its row rides along in the write set of what makes it happen. So there is no event of what was never
/// committed and nothing committed without its event, and a repeat that the barrier or a guard stops tells nothing again.
/// </summary>
internal static class Outbox
{
    /// <summary>The row of an event, for the write set of its effect. It costs a block of ids now and then.</summary>
    /// <param name="type">One of <see cref="EventTypes"/>.</param>
    /// <param name="subject">Whom it is about, such as <c>order/17</c>: events of one subject are delivered in order.</param>
    /// <param name="data">A record that <see cref="EventJson"/> knows.</param>
    /// <exception cref="StorageUnavailableException">There is no id to be had now.</exception>
    public static async ValueTask<RowChange> EventAsync<T>(
        this GrainLedger ledger, string type, string subject, T data, DateTimeOffset now)
    {
        // Ids increase within a process, so of two events in one batch the one that was told first comes first.
        var id = await ledger.NextIdAsync("events");
        return OutboxRows.Insert(id, type, subject, JsonSerializer.Serialize(data, typeof(T), EventJson.Default), now);
    }

    /// <summary>An event of an order.</summary>
    /// <inheritdoc cref="EventAsync{T}"/>
    public static ValueTask<RowChange> OrderEventAsync(
        this GrainLedger ledger, string type, OrderEvent data, DateTimeOffset now) =>
        ledger.EventAsync(type, $"order/{data.OrderId}", data, now);
}
