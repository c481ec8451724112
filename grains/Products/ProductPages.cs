namespace Mall.Products;

/// <summary>Statements for pages of products on sale; each is one read by one index.</summary>
internal static class ProductPages
{
    private static readonly Dictionary<(ProductOrder Order, bool OfShop, int Words), Query<Listed<Product>>> s_pages = (
        from order in Enum.GetValues<ProductOrder>()
        from ofShop in (bool[])[false, true]
        from words in Enumerable.Range(0, SearchNames.MostWords + 1)
        select (order, ofShop, words)).ToDictionary(page => page, page => PageOf(page.order, page.ofShop, page.words));

    public static bool IsDown(ProductOrder order) =>
        order is ProductOrder.PriceDown or ProductOrder.Sales or ProductOrder.Recommended;

    /// <summary>
    /// Behind value @p1 and id @p2, at most @p3; as far as position @p4, whatever the order; then the shop, if there is one; then
    /// what names are like.
    /// </summary>
    public static Query<Listed<Product>> Of(ProductOrder order, bool ofShop, int words) => s_pages[(order, ofShop, words)];

    private static Query<Listed<Product>> PageOf(ProductOrder order, bool ofShop, int words)
    {
        var (column, index) = order switch
        {
            ProductOrder.Created => ("position", "by_place"),
            ProductOrder.Sales => ("sales", "by_sales"),
            ProductOrder.Recommended => ("score", "by_score"),
            _ => ("price", "by_price"),
        };
        var named = Enumerable.Range(ofShop ? 6 : 5, words)
            .Select(n => $"coalesce(search_name, lower(name)) like @p{n} escape '!' and ");
        return new(
            KeysetSql.Page(
                $"select {ProductRows.Columns}, {column} from products",
                $"{(ofShop ? "shelf = @p5" : "status = 1")} and position <= @p4 and {string.Concat(named)}",
                ofShop ? $"shop_products_{index}" : $"products_{index}", column, IsDown(order)),
            static row =>
            {
                var product = ProductRows.Read(row);
                return new(product, new ListPlace(row.GetInt64(10), product.Id));
            });
    }
}
