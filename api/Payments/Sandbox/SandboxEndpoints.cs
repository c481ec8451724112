namespace Mall.Api.Payments.Sandbox;

/// <summary>The pages of the sandbox; only where it plays the provider. No part of the API that OpenAPI describes.</summary>
internal static class SandboxEndpoints
{
    private const string Path = "/sandbox/payments/{reference}";
    private const string Form = "application/x-www-form-urlencoded";

    public static void MapSandbox(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Show).ExcludeFromDescription();
        routes.MapPost(Path, Act).ExcludeFromDescription()
            .WithMetadata(new AcceptsMetadata([Answer.Json, Form], typeof(SandboxInput)))
            .DisableAntiforgery(); // There are no cookies here, and no money.
    }

    internal static async Task Show(HttpContext http, string reference, SandboxDesk desk)
    {
        var payment = await desk.Find(reference, Patience.Of(http));
        var headers = http.Response.Headers;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        http.Response.ContentType = "text/html; charset=utf-8";
        await http.Response.WriteAsync(SandboxPage.Of(payment, http.Request.Query["done"]), http.RequestAborted);
    }

    /// <summary>A form, from the page, is sent back to it; JSON is answered with what has come of it.</summary>
    internal static async Task<IResult> Act(HttpContext http, string reference, SandboxDesk desk)
    {
        var patience = Patience.Of(http);
        var payment = await desk.Find(reference, patience);
        if (http.Request.HasFormContentType)
        {
            var action = (await http.Request.ReadFormAsync(http.RequestAborted))["action"].ToString();
            await desk.Act(action, payment, patience);
            http.Response.Headers.Location = $"/sandbox/payments/{reference}?done={action}";
            return Results.StatusCode(StatusCodes.Status303SeeOther);
        }

        var input = await Body<SandboxInput>.BindAsync(http);
        return new Ok<SandboxAnswer>(await desk.Act(input!.Value.Action, payment, patience));
    }
}
