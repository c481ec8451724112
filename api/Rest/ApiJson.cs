using Mall.Api.Payments.Sandbox;

namespace Mall.Api.Rest;

/// <summary>How REST reads and writes JSON: everything generated at build time, and strict about what it reads.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
[JsonSerializable(typeof(ProblemAnswer))]
[JsonSerializable(typeof(NoFields))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(RegisterInput))]
[JsonSerializable(typeof(LoginInput))]
[JsonSerializable(typeof(RefreshInput))]
[JsonSerializable(typeof(UserAnswer))]
[JsonSerializable(typeof(SessionAnswer))]
[JsonSerializable(typeof(OpenShopInput))]
[JsonSerializable(typeof(ShopAnswer))]
[JsonSerializable(typeof(ShopPageAnswer))]
[JsonSerializable(typeof(CreateProductInput))]
[JsonSerializable(typeof(ChangeProductInput))]
[JsonSerializable(typeof(ProductAnswer))]
[JsonSerializable(typeof(ProductPageAnswer))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, JsonElement>))]
[JsonSerializable(typeof(WriteReviewInput))]
[JsonSerializable(typeof(ReviewAnswer))]
[JsonSerializable(typeof(ReviewPageAnswer))]
[JsonSerializable(typeof(AdjustStockInput))]
[JsonSerializable(typeof(StockAnswer))]
[JsonSerializable(typeof(CartItemInput))]
[JsonSerializable(typeof(CartAnswer))]
[JsonSerializable(typeof(PlaceOrderInput))]
[JsonSerializable(typeof(OrderAnswer))]
[JsonSerializable(typeof(OrderPageAnswer))]
[JsonSerializable(typeof(SubmittedAnswer))]
[JsonSerializable(typeof(CreatePaymentInput))]
[JsonSerializable(typeof(CallbackInput))]
[JsonSerializable(typeof(PaymentAnswer))]
[JsonSerializable(typeof(SandboxInput))]
[JsonSerializable(typeof(SandboxAnswer))]
[JsonSerializable(typeof(SagaAnswer))]
[JsonSerializable(typeof(SagaPageAnswer))]
[JsonSerializable(typeof(EventAnswer))]
[JsonSerializable(typeof(EventPageAnswer))]
[JsonSerializable(typeof(CreateWebhookInput))]
[JsonSerializable(typeof(ChangeWebhookInput))]
[JsonSerializable(typeof(WebhookAnswer))]
[JsonSerializable(typeof(WebhookPageAnswer))]
[JsonSerializable(typeof(DeliveryAnswer))]
[JsonSerializable(typeof(SchedulePageAnswer))]
[JsonSerializable(typeof(ScheduleAnswer))]
[JsonSerializable(typeof(ChangeScheduleInput))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>How one type is read and written, without a search for it in each request.</summary>
    internal static class Type<T>
    {
        public static readonly JsonTypeInfo<T> Info = (JsonTypeInfo<T>)Default.GetTypeInfo(typeof(T))!;
    }
}
