namespace Mall.Api.Orders;

/// <summary>Where both doors place orders and look at them.</summary>
internal sealed class OrderDesk(IGrainFactory grains, SoldOut soldOut)
{
    /// <summary>With these limits and the highest price an order amounts to at most 5·10¹⁶, far from overflowing.</summary>
    public const int MaxItems = 50;
    public const long MaxQuantity = 1000;

    /// <summary>
    /// Completes when the order stands, or is refused. Under a key it is idempotent: the gid comes from user and key, so that a
    /// repetition meets the same saga; without one the gid is the request's own, and repeating the call is as harmless. See
    /// <see cref="IOrderSagaGrain.Place"/> for the refusals.
    /// </summary>
    /// <param name="extras">What an older mall's client says besides, kept with the order as JSON.</param>
    public Task<Result<OrderView>> Place(
        Caller caller, PlaceOrderInput input, string? key, Patience patience, string? extras = null)
    {
        var (gid, command) = Prepare(caller, input, key);
        command = command with { Extras = extras };
        var calls = 0;
        return patience.Insist(
            () => Place(grains, gid, command, soldOut, isAgain: calls++ > 0, patience.ClientGone), makes: true);
    }

    /// <summary>
    /// By its product at once, where it is of one; else, and whenever that comes to nothing, by its saga step by step.
    /// </summary>
    /// <param name="isAgain">A call before it is overdue or lost: this one stands in no line.</param>
    internal static async Task<Result<OrderView>> Place(
        IGrainFactory grains, string gid, PlaceOrder command,
        SoldOut? soldOut = null, bool isAgain = false, CancellationToken clientGone = default)
    {
        if (command.Lines is not [{ ProductId: var product }]) return await StepByStep();
        Result<OrderView>? whole;
        try
        {
            whole = await (soldOut is null || isAgain ? AsWhole() : soldOut.Ask(product, AsWhole, clientGone));
        }
        catch (TimeoutException)
        {
            // It may be placed yet, unless the saga's row is there before it: a refusal that rests on no row is not believed.
            var placed = await StepByStep();
            if (placed.Refusal is { IsSealed: false, Code: not ErrorCodes.KeyReused }) throw;
            return placed;
        }

        if (whole is null) return await StepByStep();
        soldOut?.Note(product, whole);
        return whole;

        Task<Result<OrderView>?> AsWhole() => grains.GetGrain<IProductGrain>(product).PlaceWhole(gid, command);
        Task<Result<OrderView>> StepByStep() => grains.GetGrain<IOrderSagaGrain>(gid).Place(command);
    }

    /// <summary>Completes as soon as the order's intent is durable, with its gid.</summary>
    public async Task<Result<string>> Submit(Caller caller, PlaceOrderInput input, string? key, Patience patience)
    {
        var (gid, command) = Prepare(caller, input, key);
        var submitted = await patience.Insist(() => grains.GetGrain<IOrderSagaGrain>(gid).Submit(command), makes: true);
        return submitted.IsRefused ? submitted.Refusal : gid;
    }

    /// <summary>Refused with 400001, or 100004 when it is somebody else's.</summary>
    public Task<Result<OrderView>> Get(Caller caller, long orderId, Patience patience) =>
        patience.Insist(() => grains.GetGrain<IOrderHistoryGrain>(0).Get(caller.UserId, FieldChecks.RequireId(orderId)));

    /// <summary>Closes an order that is not paid; see <see cref="IOrderGrain.Cancel"/> for the refusals.</summary>
    public Task<Result<OrderView>> Cancel(Caller caller, long orderId, string? key, Patience patience)
    {
        var order = grains.GetGrain<IOrderGrain>(FieldChecks.RequireId(orderId));
        var idempotency = key.ToIdempotency(caller.UserId, $"cancel {orderId}");
        return patience.Insist(() => order.Cancel(caller.UserId, idempotency), makes: true);
    }

    /// <summary>Takes an order out of the lists of older malls; see <see cref="IOrderGrain.Hide"/>.</summary>
    public Task<Result<Done>> Hide(Caller caller, long orderId, Patience patience)
    {
        var order = grains.GetGrain<IOrderGrain>(FieldChecks.RequireId(orderId));
        return patience.Insist(() => order.Hide(caller.UserId));
    }

    /// <summary>The caller's orders; with a gid, that one or none.</summary>
    /// <param name="after">As a page before has given it; null for the first page.</param>
    public async Task<ListPage<OrderView>> List(
        Caller caller, int? status, string? gid, string? after, int limit, bool newestFirst, Patience patience)
    {
        if (status is not (null or (>= OrderStatus.Created and <= OrderStatus.Refunded) or OrderStatus.Void))
            throw new ProblemException(Problem.BadField("status", "must be 0, 1, 2, 3 or 9"));
        var checks = new FieldChecks();
        checks.OptionalText("gid", gid, 1, SagaDesk.MaxGid);
        checks.ThrowIfAny();
        var place = Paging.Place(after);
        var history = grains.GetGrain<IOrderHistoryGrain>(0);
        if (gid is null)
            return await patience.Insist(
                () => history.List(new ListOrders(caller.UserId, status, place, limit, newestFirst)));
        var order = await patience.Insist(() => history.OfSaga(caller.UserId, gid));
        var isIt = order is not null && (status ?? order.Status) == order.Status;
        return new(isIt ? [order!] : [], null, place ?? ListPlace.Beginning);
    }

    private static (string Gid, PlaceOrder Command) Prepare(Caller caller, PlaceOrderInput input, string? key)
    {
        var lines = CheckLines(input.Items);
        if (key is null)
            return (Gids.New("order", Guid.CreateVersion7()), new PlaceOrder(caller.UserId, lines, null));
        var requestHash = IdempotencyKeys.Hash(Canonical(lines));
        return (Gids.FromKey("order", caller.UserId, key), new PlaceOrder(caller.UserId, lines, requestHash));
    }

    /// <summary>Each product once, in the order of their first mention.</summary>
    private static ImmutableArray<OrderLine> CheckLines(IReadOnlyList<OrderLineInput?>? items)
    {
        if (items is null)
            throw new ProblemException(Problem.BadField("items", "is missing"));
        if (items.Count is 0 or > MaxItems)
            throw new ProblemException(Problem.BadField("items", $"must be 1 to {MaxItems} items"));

        var checks = new FieldChecks();
        var lines = ImmutableArray.CreateBuilder<OrderLine>(items.Count);
        for (var i = 0; i < items.Count; i++)
            AddLine(ref checks, lines, items[i], i);
        checks.ThrowIfAny();
        return lines.Count == lines.Capacity ? lines.MoveToImmutable() : lines.ToImmutable();
    }

    private static void AddLine(ref FieldChecks checks, ImmutableArray<OrderLine>.Builder lines, OrderLineInput? item, int index)
    {
        // The names of fields are made only for what is wrong: an order in good order pays nothing for them.
        if (item is not { ProductId: > 0 and <= ExactNumbers.Max, Quantity: >= 1 and <= MaxQuantity })
        {
            checks.Id($"items[{index}].productId", item?.ProductId);
            checks.Number($"items[{index}].quantity", item?.Quantity, 1, MaxQuantity);
            return;
        }

        var (productId, quantity) = (item.ProductId.Value, item.Quantity.Value);
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].ProductId != productId)
                continue;
            lines[i] = new OrderLine(productId, lines[i].Quantity + quantity);
            if (lines[i].Quantity > MaxQuantity)
                checks.Fail($"items[{index}].quantity", $"makes more than {MaxQuantity} of one product");
            return;
        }

        lines.Add(new OrderLine(productId, quantity));
    }

    /// <summary>In whatever order the lines stand, it is the same order; its rows do not keep theirs either.</summary>
    private static string Canonical(ImmutableArray<OrderLine> lines)
    {
        var text = new StringBuilder("order", 16 + (lines.Length * 12));
        foreach (var line in lines.Sort(static (one, other) => one.ProductId.CompareTo(other.ProductId))) // It means nothing.
            text.Append(' ').Append(line.ProductId).Append(':').Append(line.Quantity);
        return text.ToString();
    }
}
