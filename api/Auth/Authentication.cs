using System.Security.Claims;
using Mall.Api.Dashboard;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.DataProtection;

namespace Mall.Api.Auth;

/// <summary>
/// Who may come in, through either door: bearer tokens and the policies that endpoints name. HTTP headers and gRPC metadata are
/// the same thing here.
/// </summary>
internal static class Authentication
{
    public const string Scheme = "Bearer ";

    public static void AddMallAuthentication(this IServiceCollection services)
    {
        services.AddSingleton<AccessTokens>().AddSingleton<DashboardEntrance>();
        services.AddSingleton<EndedSessions>().AddHostedService(all => all.GetRequiredService<EndedSessions>());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, Refusals>();
        services.AddAuthentication().AddJwtBearer();
        services.AddDataProtection().DisableAutomaticKeyGeneration(); // Comes with it; nothing here is protected by its keys.
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<AccessTokens>((bearer, tokens) =>
        {
            bearer.MapInboundClaims = false;
            bearer.TokenValidationParameters = tokens.Validation;
            bearer.Events = new JwtBearerEvents { OnMessageReceived = Receive, OnTokenValidated = Accept };
        });
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.User, policy => policy.RequireAuthenticatedUser())
            .AddPolicy(Policies.Operator, policy => policy.RequireClaim(AccessTokens.RoleClaim, Roles.Operator));
    }

    /// <summary>Why a request has no caller.</summary>
    public static async Task<Problem> WhyNobody(HttpContext http) => Problem.Of(
        ErrorCodes.Unauthenticated,
        (await http.AuthenticateAsync()).Failure switch
        {
            null => "A token is needed: send it as 'Authorization: Bearer <token>'.",
            AuthenticationFailureException refused => refused.Message,
            SecurityTokenExpiredException => "The token has expired: sign in again.",
            SecurityTokenNotYetValidException => "The token is not valid yet.",
            _ => "The token is not one of ours.",
        });

    /// <summary>Takes the token off the request. Endpoints open to anybody neither look at it nor wait for the key.</summary>
    private static async Task Receive(MessageReceivedContext context)
    {
        if (context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null)
        {
            context.NoResult();
            return;
        }

        var tokens = context.HttpContext.RequestServices.GetRequiredService<AccessTokens>();
        await tokens.Key(Patience.Of(context.HttpContext));
        var sent = context.Request.Headers.Authorization;
        var isOlder = context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<AliasEndpoint>() is not null;
        if (isOlder && sent is [{ Length: > 0 } bare] && !bare.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            sent = Scheme + bare;
        if (sent.Count == 0)
            await Welcome(context, tokens);
        else if (sent is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            context.Fail("The Authorization header must be 'Bearer <token>', once.");
        else
            await Judge(context, tokens, header[Scheme.Length..]);
    }

    /// <summary>A request without a token may be an operator's browser on the dashboard; else it is nobody's.</summary>
    private static async ValueTask Welcome(MessageReceivedContext context, AccessTokens tokens)
    {
        var cookie = OperatorCookie.Of(context.HttpContext);
        if (cookie is not null && AccessTokens.LooksLikeOurs(cookie))
            await Judge(context, tokens, cookie);
        else if (cookie is not null
            && context.HttpContext.RequestServices.GetRequiredService<DashboardEntrance>().Find(cookie) is { } visitor)
            Accept(context, visitor.Caller, visitor.Principal);
        else
            context.NoResult();
    }

    private static async ValueTask Judge(MessageReceivedContext context, AccessTokens tokens, string token)
    {
        if (!AccessTokens.LooksLikeOurs(token))
            context.Fail(new SecurityTokenMalformedException());
        else if (tokens.Recall(token) is not { } good)
            context.Token = token;
        else if (await HasEnded(context.HttpContext, good.Caller))
            context.Fail(SessionEnded);
        else
            Accept(context, good.Caller, good.Principal);
    }

    private static void Accept(MessageReceivedContext context, Caller caller, ClaimsPrincipal principal)
    {
        context.HttpContext.Features.Set(caller);
        context.Principal = principal;
        context.Success();
    }

    private const string SessionEnded = "The session has ended: sign in again.";

    private static async ValueTask<bool> HasEnded(HttpContext http, Caller caller)
    {
        if (caller.SessionId == 0) return false;
        var ended = http.RequestServices.GetRequiredService<EndedSessions>();
        if (!ended.IsFresh) await ended.Refresh(Patience.Of(http));
        return ended.Contains(caller.SessionId);
    }

    private static async Task Accept(TokenValidatedContext context)
    {
        var token = (JsonWebToken)context.SecurityToken;
        if (AccessTokens.CallerOf(token) is not { } caller)
        {
            context.Fail(new SecurityTokenMalformedException());
            return;
        }

        if (await HasEnded(context.HttpContext, caller))
        {
            context.Fail(SessionEnded);
            return;
        }

        context.HttpContext.Features.Set(caller);
        context.HttpContext.RequestServices.GetRequiredService<AccessTokens>().Remember(token, caller, context.Principal!);
    }

    /// <summary>Says no in the mall's own words.</summary>
    private sealed class Refusals : IAuthorizationMiddlewareResultHandler
    {
        public async Task HandleAsync(
            RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            if (authorizeResult.Succeeded)
            {
                await next(context);
                return;
            }

            var problem = authorizeResult.Challenged
                ? await WhyNobody(context) : Problem.Of(ErrorCodes.Forbidden, "Only operators may do this.");
            if (SignIn.Suits(context))
                await SignIn.AskAsync(context, problem);
            else
                ProblemWriter.Write(context, problem);
        }
    }
}
