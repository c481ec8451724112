namespace Mall.Api.Reviews;

/// <summary>What a customer says of a product.</summary>
/// <param name="Stars">1 to 5.</param>
/// <param name="Text">At most 2,000 characters, line breaks allowed; empty when absent.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record WriteReviewInput(
    [property: Range(1, ReviewDesk.MostStars)] int? Stars, [property: MaxLength(ReviewDesk.MaxText)] string? Text = null);

/// <summary>Where reviews are written and read.</summary>
internal sealed class ReviewDesk(IGrainFactory grains)
{
    public const int MostStars = 5;
    public const int MaxText = 2000;

    private IReviewDirectoryGrain Directory => grains.GetGrain<IReviewDirectoryGrain>(0);

    /// <summary>See <see cref="IReviewDirectoryGrain.Write"/> for the refusals.</summary>
    public Task<Result<ReviewView>> Write(
        Caller caller, long productId, WriteReviewInput input, string? key, Patience patience)
    {
        var checks = new FieldChecks();
        var stars = (int)checks.Number("stars", input.Stars, 1, MostStars);
        var text = checks.OptionalText("text", input.Text, 0, MaxText, multiline: true) ?? "";
        checks.ThrowIfAny();

        var idempotency = key.ToIdempotency(caller.UserId, $"review {productId} {stars} {text}");
        var command = new WriteReview(caller.UserId, productId, stars, text, idempotency);
        return patience.Ask(idempotency is not null, () => Directory.Write(command));
    }

    /// <summary>Refused with 300001 when there is no such product.</summary>
    public Task<Result<ProductReviews>> List(long productId, string? after, int limit, Patience patience)
    {
        var place = Paging.Place(after);
        return patience.Insist(() => Directory.List(productId, place, limit));
    }
}
