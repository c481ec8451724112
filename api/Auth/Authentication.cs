using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mall.Api.Auth;

/// <summary>
/// Who may come in, through either door: bearer tokens and the policies that endpoints name. HTTP headers and gRPC metadata are
/// the same thing here.
/// </summary>
internal static class Authentication
{
    private const string Scheme = "Bearer ";

    public static void AddMallAuthentication(this IServiceCollection services)
    {
        services.AddSingleton<AccessTokens>().AddSingleton<KnownTokens>();
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

    /// <summary>Takes the token off the request; endpoints that are open to anybody neither look at it nor wait for the key.
    /// </summary>
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
        if (sent.Count == 0)
            context.NoResult();
        else if (sent is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            context.Fail("The Authorization header must be 'Bearer <token>', once.");
        else
            Judge(context, header[Scheme.Length..]);
    }

    private static void Judge(MessageReceivedContext context, string token)
    {
        var known = context.HttpContext.RequestServices.GetRequiredService<KnownTokens>();
        if (known.TryGet(token, out var principal, out var caller))
        {
            context.HttpContext.Features.Set(caller);
            context.Principal = principal;
            context.Success();
        }
        else if (AccessTokens.LooksLikeOurs(token))
        {
            context.Token = token;
        }
        else
        {
            context.Fail(new SecurityTokenMalformedException());
        }
    }

    private static Task Accept(TokenValidatedContext context)
    {
        var token = (JsonWebToken)context.SecurityToken;
        if (AccessTokens.CallerOf(token) is { } caller)
        {
            context.HttpContext.Features.Set(caller);
            context.HttpContext.RequestServices.GetRequiredService<KnownTokens>()
                .Add(token.EncodedToken, context.Principal!, caller, token.ValidTo);
        }
        else
        {
            context.Fail(new SecurityTokenMalformedException());
        }

        return Task.CompletedTask;
    }

    /// <summary>Says no in the mall's own words.</summary>
    private sealed class Refusals : IAuthorizationMiddlewareResultHandler
    {
        public async Task HandleAsync(
            RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            if (authorizeResult.Succeeded)
                await next(context);
            else if (authorizeResult.Challenged)
                ProblemWriter.Write(context, await WhyNobody(context));
            else
                ProblemWriter.Write(context, Problem.Of(ErrorCodes.Forbidden, "Only operators may do this."));
        }
    }
}
