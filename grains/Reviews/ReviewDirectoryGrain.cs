namespace Mall.Reviews;

/// <summary>
/// Writes reviews and reads them; any number of callers at once. A review is a row of its own and one more in the sums of its
/// product and its shop, in one commit: the row can be there once only, and so nothing is counted twice. The product's owner is
/// not asked, since it neither reads nor sets these sums. Reentrant: it keeps nothing between its awaits.
/// </summary>
[StatelessWorker, Reentrant]
public sealed class ReviewDirectoryGrain(GrainLedger ledger, LedgerClock clock) : Grain, IReviewDirectoryGrain
{
    public async Task<Result<ReviewView>> Write(WriteReview command)
    {
        if (await FindAsync(command) is { } before) return before;
        if (await ledger.FindAsync(ProductRows.ById, command.ProductId) is not { } product)
            return NoSuchProduct(command.ProductId);
        if (await ledger.FindAsync(ReviewRows.PaidOrder, command.UserId, command.ProductId) == 0)
            return Result.Refused(ErrorCodes.Forbidden, $"Only who has paid for product {product.Id} reviews it.");
        if ((await ledger.QueryAsync(ReviewRows.OfUser, command.ProductId, command.UserId)).Count > 0)
            return await FindAsync(command) ?? Already(product.Id); // It may be this very request's, committed meanwhile.

        var now = DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds()); // As it is kept.
        var review = new ReviewView(
            await ledger.NextIdAsync("reviews"), product.Id, command.UserId, command.Stars, command.Text, now);
        var outcome = await ledger.CommitAsync(IdempotencyRows.Under(
            command.Idempotency, "review", review.Id, now, changes:
            [
                ReviewRows.Insert(review), ProductRows.Review(product.Id, review.Stars),
                ShopRows.Review(product.ShopId, review.Stars),
            ]));

        // Another request of this user was faster by a hair: under this key, then its review is the answer, or not.
        return outcome == CommitOutcome.Applied ? review : await FindAsync(command) ?? Already(product.Id);
    }

    public async Task<Result<ProductReviews>> List(long productId, ListPlace? after, int limit)
    {
        if (await ledger.QueryAsync(ReviewRows.SumOf, productId) is not [var (stars, count)]) return NoSuchProduct(productId);
        var place = after ?? ListPlace.End;
        var rows = await ledger.QueryAsync(ReviewRows.OfProduct, place.Position, place.Id, limit + 1, productId);
        return new ProductReviews(ListPages.Of(rows, limit, place, row => row.Item, row => row.Place), stars, count);
    }

    public async Task<ImmutableArray<SignedReview>> Latest(long? productId, long? beforeId, int limit)
    {
        var before = beforeId ?? long.MaxValue;
        return productId is { } product
            ? [.. await ledger.QueryAsync(ReviewRows.LatestOfProduct, before, limit, product)]
            : [.. await ledger.QueryAsync(ReviewRows.Latest, before, limit)];
    }

    /// <summary>What was written under this key; nobody writes to it again.</summary>
    private async Task<Result<ReviewView>?> FindAsync(WriteReview command)
    {
        if (await ledger.FindUnderAsync(command.Idempotency) is not { } before) return null;
        return before.IsRefused ? before.Refusal : (await ledger.FindAsync(ReviewRows.ById, before.Value.ResultId)).Item;
    }

    private static Refusal NoSuchProduct(long id) => Result.Refused(ErrorCodes.NoSuchProduct, $"There is no product {id}.");

    private static Refusal Already(long id) =>
        Result.Refused(ErrorCodes.OrderStatusForbids, $"You have reviewed product {id} already.");
}
