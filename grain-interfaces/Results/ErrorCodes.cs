namespace Mall;

/// <summary>
/// The six-digit codes that clients rely on: the first three digits name the area. How each shows in HTTP and gRPC is
/// decided in one place, the front door.
/// </summary>
public static class ErrorCodes
{
    public const int Internal = 100001;
    public const int BadParameter = 100002;
    public const int Unauthenticated = 100003;
    public const int Forbidden = 100004;
    public const int StorageUnavailable = 100005;
    public const int TooManyRequests = 100006;
    public const int KeyReused = 100007;
    public const int TimedOut = 100008;

    public const int NoSuchUser = 200001;
    public const int MobileTaken = 200002;
    public const int WrongCredentials = 200003;

    public const int NoSuchProduct = 300001;
    public const int NotEnoughStock = 300002;
    public const int ProductOffSale = 300003;
    public const int NoSuchShop = 300004;

    public const int NoSuchOrder = 400001;
    public const int OrderStatusForbids = 400002;

    public const int NoSuchPayment = 500001;
    public const int BadSignature = 500002;
    public const int AmountDiffers = 500003;
    public const int NoPaymentProvider = 500004;

    public const int NoSuchSaga = 600001;
    public const int SagaStatusForbids = 600002;
}
