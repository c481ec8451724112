namespace Mall.Reviews;

/// <summary>The table <c>reviews</c>: the shape of its changes, and queries. A user has one of a product at most.</summary>
internal static class ReviewRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_productId = new("product_id", ColumnType.Number);
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_stars = new("stars", ColumnType.Number);
    private static readonly Column s_content = new("content", ColumnType.Text, "");
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);

    private static readonly RowShape s_insert = new Table("reviews", s_id)
        .Insert(s_id, s_productId, s_userId, s_stars, s_content, s_createTime).Listed();

    private const string Select = "select id, product_id, user_id, stars, content, create_time, position from reviews";

    public static readonly Query<Listed<ReviewView>> ById = new(Select + " where id = @p1", Read);

    public static readonly Query<Listed<ReviewView>> OfUser = new(Select + " where product_id = @p1 and user_id = @p2", Read);

    /// <summary>The newest first: before position @p1 and id @p2, at most @p3, of product @p4.</summary>
    public static readonly Query<Listed<ReviewView>> OfProduct = new(
        KeysetSql.Page(Select, "product_id = @p4 and ", "reviews_by_place", "position", isDown: true), Read);

    /// <summary>The newest below id @p1, at most @p2, with the names of those who wrote them.</summary>
    public static readonly Query<SignedReview> Latest = Signed("");

    /// <summary>The same of product @p3.</summary>
    public static readonly Query<SignedReview> LatestOfProduct = Signed("and r.product_id = @p3");

    /// <summary>The sum of a product's stars, and how many reviews it has.</summary>
    public static readonly Query<(long Stars, long Count)> SumOf = new(
        "select stars, reviews from products where id = @p1", row => (row.GetInt64(0), row.GetInt64(1)));

    /// <summary>A row when user @p1 has a paid order of product @p2.</summary>
    public static readonly Query<long> PaidOrder = new(
        $"""
        select o.id from orders o join order_items i on i.order_id = o.id and i.product_id = @p2
        where o.user_id = @p1 and o.status = {OrderStatus.Paid} limit 1
        """,
        row => row.GetInt64(0));

    public static RowChange Insert(ReviewView review) => s_insert.With(
        review.Id, review.ProductId, review.UserId, review.Stars, review.Text, review.CreatedAt);

    private static Query<SignedReview> Signed(string and) => new(
        $"""
        select r.id, r.product_id, r.user_id, r.stars, r.content, r.create_time, r.position, u.name
        from reviews r join users u on u.id = r.user_id where r.id < @p1 {and} order by r.id desc limit @p2
        """,
        row => new SignedReview(Read(row).Item, row.GetString(7)));

    private static Listed<ReviewView> Read(DbDataReader row)
    {
        var review = new ReviewView(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), row.GetString(4), row.Time(5));
        return new(review, new ListPlace(row.GetInt64(6), review.Id));
    }
}
