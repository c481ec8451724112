namespace Mall.Api.Auth;

/// <summary>
/// Lets in at once who shows a token that was found good before, where being some user is all that is demanded: nearly every
/// request. Whatever is unusual in the least goes the framework's way (<see cref="Authentication"/>), which costs a tenth of what
/// the front door spends on an order, and decides.
/// </summary>
internal sealed class KnownCallers(RequestDelegate next, AccessTokens tokens, EndedSessions ended)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint() is not { RequestDelegate: { } serve, Metadata: var demands } || !IsForAnyUser(demands)
            || http.Request.Headers.Authorization is not [{ } header]
            || !header.StartsWith(Authentication.Scheme, StringComparison.OrdinalIgnoreCase)
            || tokens.Recall(header.AsSpan(Authentication.Scheme.Length)) is not { Caller: var caller }
            || MayHaveEnded(caller))
            return next(http);
        http.Features.Set(caller);
        return serve(http); // Behind authorization there is nothing else.
    }

    private static bool IsForAnyUser(EndpointMetadataCollection demands) =>
        demands.GetOrderedMetadata<IAuthorizeData>() is [{ Policy: Policies.User, Roles: null, AuthenticationSchemes: null }]
        && demands.GetMetadata<IAllowAnonymous>() is null && demands.GetMetadata<AuthorizationPolicy>() is null
        && demands.GetMetadata<IAuthorizationRequirementData>() is null;

    private bool MayHaveEnded(Caller caller) =>
        caller.SessionId != 0 && (!ended.IsFresh || ended.Contains(caller.SessionId));
}
