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
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(RegisterInput))]
[JsonSerializable(typeof(LoginInput))]
[JsonSerializable(typeof(RefreshInput))]
[JsonSerializable(typeof(UserAnswer))]
[JsonSerializable(typeof(SessionAnswer))]
[JsonSerializable(typeof(OpenShopInput))]
[JsonSerializable(typeof(ShopAnswer))]
[JsonSerializable(typeof(CreateProductInput))]
[JsonSerializable(typeof(ChangeProductInput))]
[JsonSerializable(typeof(ProductAnswer))]
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
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>How one type is read and written, without a search for it in each request.</summary>
    internal static class Type<T>
    {
        public static readonly JsonTypeInfo<T> Info = (JsonTypeInfo<T>)Default.GetTypeInfo(typeof(T))!;
    }
}
