using Microsoft.AspNetCore.Http.HttpResults;

namespace Mall.Api.Dashboard;

/// <summary>
/// Where an operator's browser signs in and out. Guesses are counted and passwords judged as for every other sign-in; what the
/// browser keeps is the access token of a session of its own, so any front door knows it, and it ends as sessions do.
/// </summary>
internal static class SignIn
{
    private const string Home = DashboardEntrance.Path;
    private const string Path = $"{Home}/sign-in";

    /// <summary>One text for all three, so that it tells a guesser nothing.</summary>
    private const string Wrong = "Mobile or password is wrong, or the account is not an operator's.";

    public static void MapSignIn(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/sign-in", () => Form(StatusCodes.Status200OK, Home)).AllowAnonymous();
        // Which page a form is from, PageForm asks.
        pages.MapPost("/sign-in", EnterAsync).AllowAnonymous().DisableAntiforgery().WithMetadata(PageForm.Comes);
        pages.MapPost("/sign-out", LeaveAsync).DisableAntiforgery().WithMetadata(PageForm.Comes);
    }

    /// <summary>Whether somebody who may not see this is a person with a browser, who can sign in.</summary>
    public static bool Suits(HttpContext http) => http.Request.Path.StartsWithSegments(Home, StringComparison.Ordinal)
        && http.Request.Headers.Authorization.Count == 0 && PageForm.ReadsPages(http);

    /// <summary>Answers with the form in place of the page that was asked for; it leads back there.</summary>
    public static Task AskAsync(HttpContext http, Problem problem)
    {
        PageForm.Protect(http);
        var page = http.Request.Path.ToUriComponent()
            + (HttpMethods.IsGet(http.Request.Method) ? http.Request.QueryString.ToUriComponent() : "");
        var note = http.Request.Cookies.ContainsKey(OperatorCookie.Name) ? problem.Detail : null;
        return Form(problem.HttpStatus, page, note).ExecuteAsync(http);
    }

    /// <summary>Answers with the form and what is wrong; it leads to the first page.</summary>
    public static Task TellAsync(HttpContext http, Problem problem)
    {
        PageForm.Protect(http);
        return Form(problem.HttpStatus, Home, problem.Detail).ExecuteAsync(http);
    }

    /// <summary>One of the mall's pages, whatever was wanted: nobody is sent anywhere else from here.</summary>
    internal static string PageOf(string? wanted) => wanted is { Length: < 2000 }
        && (wanted == Home || wanted.StartsWith(Home + "/", StringComparison.Ordinal)
            || wanted.StartsWith(Home + "?", StringComparison.Ordinal))
        && !wanted.StartsWith(Home + "/sign-", StringComparison.Ordinal) && !wanted.Contains("..", StringComparison.Ordinal)
        && !wanted.AsSpan().ContainsAnyExceptInRange('!', '~') && !wanted.Contains('\\') ? wanted : Home;

    private static async Task<IResult> EnterAsync(
        HttpContext http, AccountDesk accounts, SessionDesk sessions, Patience patience)
    {
        var form = await PageForm.ReadAsync(http);
        var (page, mobile) = (PageOf(form["to"]), form["mobile"].ToString());
        try
        {
            var account = await accounts.Prove(
                new LoginInput(mobile, form["password"]), http.Connection.RemoteIpAddress, patience);
            if (account.IsRefused || account.Value.Role != Roles.Operator)
                return Form(StatusCodes.Status401Unauthorized, page, Wrong, mobile);
            var session = await sessions.Begin(account.Value, patience, OperatorCookie.Lasts);
            OperatorCookie.Give(http, session.Access.Text);
            return Results.Redirect(page);
        }
        catch (ProblemException refused)
        {
            if (refused.Problem.RetryAfterSeconds is { } seconds)
                http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return Form(refused.Problem.HttpStatus, page, refused.Problem.Detail, mobile);
        }
    }

    private static async Task<IResult> LeaveAsync(
        HttpContext http, Caller caller, SessionDesk sessions, DashboardEntrance entrance, Patience patience)
    {
        await PageForm.ReadAsync(http);
        if (caller.SessionId != 0) await sessions.End(caller, patience);
        if (http.Request.Cookies[OperatorCookie.Name] is { } visit) entrance.Forget(visit);
        OperatorCookie.Take(http);
        return Results.Redirect(Path);
    }

    private static RazorComponentResult<SignInPage> Form(int status, string page, string? note = null, string mobile = "") =>
        new(new { Page = PageOf(page), Note = note, Mobile = mobile })
        {
            StatusCode = status, PreventStreamingRendering = true,
        };
}
