namespace Mall.Api.Rest;

/// <summary>Grants requests their time.</summary>
internal sealed class Clock(ApiOptions options, TimeProvider time)
{
    /// <summary>The time that the server grants any request.</summary>
    public Patience Patience(HttpContext http) => new(options.WaitLimit, time, http.RequestAborted);
}
