namespace Mall.Api.Reviews;

/// <summary>A review, as REST shows it.</summary>
/// <param name="Id">Positive.</param>
/// <param name="ProductId">Of what.</param>
/// <param name="UserId">By whom.</param>
/// <param name="Stars">1 to 5.</param>
/// <param name="Text">May be empty.</param>
/// <param name="CreatedAt">UTC.</param>
internal sealed record ReviewAnswer(long Id, long ProductId, long UserId, int Stars, string Text, DateTime CreatedAt)
{
    public static ReviewAnswer Of(ReviewView review) => new(
        review.Id, review.ProductId, review.UserId, review.Stars, review.Text, review.CreatedAt.UtcDateTime);
}

/// <inheritdoc cref="OrderPageAnswer"/>
/// <param name="Average">Of the stars of all reviews, 1 to 5 with two decimals; 0 while there are none.</param>
/// <param name="Count">How many reviews there are.</param>
internal sealed record ReviewPageAnswer(
    IReadOnlyList<ReviewAnswer> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next, string Cursor,
    decimal Average, long Count)
{
    public static ReviewPageAnswer Of(ProductReviews reviews) => new(
        [.. reviews.Page.Items.Select(ReviewAnswer.Of)], reviews.Page.Next?.ToString(), reviews.Page.Cursor.ToString(),
        reviews.Count == 0 ? 0 : Math.Round((decimal)reviews.Stars / reviews.Count, 2, MidpointRounding.AwayFromZero),
        reviews.Count);
}

/// <summary>REST: reviews of products.</summary>
internal static class ReviewEndpoints
{
    public static void MapReviews(this IEndpointRouteBuilder routes)
    {
        var reviews = routes.MapGroup("/v1/products/{id}/reviews").WithTags("Reviews");
        reviews.MapGet("", List).Refuses(ErrorCodes.NoSuchProduct);
        reviews.MapPost("", Write).RequireAuthorization(Policies.User).Refuses(
            ErrorCodes.Forbidden, ErrorCodes.NoSuchProduct, ErrorCodes.OrderStatusForbids, ErrorCodes.KeyReused);
    }

    /// <summary>Review a product</summary>
    /// <remarks>For whoever has a paid order of it, once: a second review is refused with 400002.</remarks>
    /// <param name="id">The product.</param>
    /// <param name="body" example='{"stars": 5, "text": "Keeps the tea warm."}'>The review.</param>
    /// <response code="201">Written.</response>
    internal static async Task<Created<ReviewAnswer>> Write(
        Caller caller, long id, [IdempotencyKey] string? key, Body<WriteReviewInput> body, ReviewDesk desk, Patience patience)
    {
        var review = await desk.Write(caller, id, body.Value, key, patience);
        return new(review.As(ReviewAnswer.Of), review => $"/v1/products/{review.ProductId}/reviews");
    }

    /// <summary>Read a product's reviews</summary>
    /// <remarks>The newest first, with the average of all.</remarks>
    /// <param name="id">The product.</param>
    /// <param name="after">The next or the cursor of a page before; absent for the first page.</param>
    /// <param name="limit">How many.</param>
    /// <response code="200">A page.</response>
    internal static async Task<Ok<ReviewPageAnswer>> List(
        long id, ReviewDesk desk, Patience patience, string? after,
        [Range(1, Paging.MaxLimit)] int limit = Paging.DefaultLimit) =>
        (await desk.List(id, after, limit, patience)).As(ReviewPageAnswer.Of);
}
