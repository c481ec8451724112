using Mall.Lists;

namespace Mall.Reviews;

/// <summary>What customers say of products. Key 0.</summary>
[Alias("mall.IReviewDirectoryGrain")]
public interface IReviewDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Idempotent under its key. Refused with 300001 when there is no such product, 100004 to whoever has no paid order of it,
    /// 400002 to whoever has reviewed it already, 100007 when the key was used for something else.
    /// </summary>
    [Alias("Write")]
    Task<Result<ReviewView>> Write(WriteReview command);

    /// <summary>Of a product, the newest first. Refused with 300001 when there is no such product.</summary>
    /// <param name="after">Null: at the newest.</param>
    /// <param name="limit">1 to 100.</param>
    [Alias("List"), ReadOnly]
    Task<Result<ProductReviews>> List(long productId, ListPlace? after, int limit);

    /// <summary>Of one product, or of all: the newest, with the names of those who wrote them.</summary>
    /// <param name="beforeId">Only those with lower ids; null for all.</param>
    [Alias("Latest"), ReadOnly]
    Task<ImmutableArray<SignedReview>> Latest(long? productId, long? beforeId, int limit);
}

/// <param name="Stars">1 to 5.</param>
/// <param name="Text">May be empty.</param>
[GenerateSerializer, Immutable, Alias("mall.WriteReview")]
public sealed record WriteReview(long UserId, long ProductId, int Stars, string Text, Idempotency? Idempotency);

[GenerateSerializer, Immutable, Alias("mall.ReviewView")]
public sealed record ReviewView(long Id, long ProductId, long UserId, int Stars, string Text, DateTimeOffset CreatedAt);

/// <param name="Stars">Of all the product's reviews, added up.</param>
/// <param name="Count">How many reviews there are.</param>
[GenerateSerializer, Immutable, Alias("mall.ProductReviews")]
public sealed record ProductReviews(ListPage<ReviewView> Page, long Stars, long Count);

/// <param name="UserName">Of who wrote it; may be empty.</param>
[GenerateSerializer, Immutable, Alias("mall.SignedReview")]
public sealed record SignedReview(ReviewView Review, string UserName);
