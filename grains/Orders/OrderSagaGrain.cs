namespace Mall.Orders;

/// <summary>Places one order. The engine does the driving; here is what an order decides before its intent is durable.</summary>
[HashBasedPlacement, GrainDirectory(KeyPlacement.Directory)]
public sealed class OrderSagaGrain(OrderSagaKind kind, SagaServices services, OrderOptions options, KnownUsers users)
    : SagaGrain<OrderView>(kind, services), IOrderSagaGrain
{
    private static readonly Comparer<OrderLine> s_byProduct =
        Comparer<OrderLine>.Create(static (one, other) => one.ProductId.CompareTo(other.ProductId));

    private readonly SagaServices _services = services;

    public async Task<Result<OrderView>> Place(PlaceOrder command)
    {
        var begun = await BeginAsync(
            command.RequestHash, command.UserId, () => DecideAsync(command), () => RecallAsync(command.Lines));
        if (begun.IsRefused) return begun;
        return await EndAsync() is { } refusal ? refusal : begun;
    }

    public async Task<Result<Done>> Submit(PlaceOrder command)
    {
        var begun = await BeginAsync(
            command.RequestHash, command.UserId, () => DecideAsync(command), () => RecallAsync(command.Lines));
        return begun.IsRefused ? begun.Refusal : Done.It;
    }

    public async Task<Result<OrderView>?> Placed(string? requestHash)
    {
        if (await FindAsync(requestHash, () => RecallAsync(lines: null)) is not { } begun) return null;
        if (begun.IsRefused) return begun;
        return await EndAsync() is { } refusal ? refusal : begun;
    }

    /// <summary>Prices the order from its products as they are now and gives it an id.</summary>
    private async Task<Result<OrderView>> DecideAsync(PlaceOrder command)
    {
        // By product, not as the customer listed them: the first is the gate to the others, see OrderSagaKind.
        var lines = command.Lines.Order(s_byProduct).ToArray();
        if (!await users.ContainsAsync(command.UserId, GrainFactory))
            return Result.Refused(ErrorCodes.NoSuchUser, $"There is no user {command.UserId}.");
        var quotes = await Task.WhenAll(lines.Select(l => GrainFactory.GetGrain<IProductGrain>(l.ProductId).Quote()));
        if (Array.Find(quotes, q => q.IsRefused) is { Refusal: { } refusal }) return refusal;

        var items = ImmutableArray.CreateBuilder<OrderItem>(quotes.Length);
        var amount = 0L;
        for (var i = 0; i < quotes.Length; i++)
        {
            var (line, quote) = (lines[i], quotes[i].Value!);
            items.Add(new OrderItem(quote.ProductId, quote.Name, line.Quantity, quote.Price));
            amount = checked(amount + (line.Quantity * quote.Price)); // 1,001 times 2^53 at most.
            if (amount > ExactNumbers.Max) return Result.BadField("items", $"must not amount to more than {ExactNumbers.Max}");
        }

        var id = await _services.Ledger.NextIdAsync("orders");
        var now = OrderRows.AsKept(_services.Clock.GetUtcNow());
        return new OrderView(
            id, this.GetPrimaryKeyString(), command.UserId, items.MoveToImmutable(), amount, OrderStatus.Created,
            CreatedAt: now, ClosesAt: now + options.CloseAfter, PaidAt: null, Extras: command.Extras);
    }

    /// <summary>The order of this gid, should its saga have been cleaned up; answered as it was at first.</summary>
    /// <param name="lines">What is asked for now; null for whatever was asked for then.</param>
    private async Task<SagaRemains<OrderView>?> RecallAsync(ImmutableArray<OrderLine>? lines)
    {
        var found = await _services.Ledger.QueryAsync(OrderRows.ByGid, this.GetPrimaryKeyString());
        if (OrderRows.AsPlaced(found, options.CloseAfter) is not { } order) return null;
        var isSame = lines is not { } asked
            || asked.Order(s_byProduct).SequenceEqual(order.Items.Select(i => new OrderLine(i.ProductId, i.Quantity)));
        var (status, reason) = (found[0].Order.Status, found[0].Order.Reason);
        var refusal = status == OrderStatus.Void ? SagaReason.ToRefusal(reason) : null;
        return new SagaRemains<OrderView>(order, isSame, refusal);
    }
}

/// <summary>What is configurable about orders.</summary>
public sealed record OrderOptions
{
    /// <summary>Unpaid orders close after this. Default 20 minutes; setting <c>order-close-after</c>.</summary>
    public TimeSpan CloseAfter { get; init; } = TimeSpan.FromMinutes(20);
}
