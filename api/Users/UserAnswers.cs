namespace Mall.Api.Users;

/// <summary>A user, as REST shows them.</summary>
/// <param name="Id">Positive.</param>
/// <param name="Name">Empty when they gave none.</param>
/// <param name="Gender">male, female or empty.</param>
/// <param name="Mobile">What they sign in with.</param>
/// <param name="Points">The balance.</param>
internal sealed record UserAnswer(long Id, string Name, string Gender, string Mobile, long Points)
{
    public static UserAnswer Of(UserView user) => new(user.Id, user.Name, user.Gender, user.Mobile, user.Points);
}

/// <summary>A session that has begun. Times are Unix seconds.</summary>
/// <param name="AccessToken">To be sent as <c>Authorization: Bearer</c>.</param>
/// <param name="AccessExpire">From then on the token is refused.</param>
/// <param name="RefreshAfter">From then on it is time for a new one.</param>
/// <param name="RefreshToken">What to get it with: good once.</param>
internal sealed record SessionAnswer(string AccessToken, long AccessExpire, long RefreshAfter, string RefreshToken)
{
    public static SessionAnswer Of(Session session) => new(
        session.Access.Text, session.Access.ExpiresAt.ToUnixTimeSeconds(), session.Access.RefreshAfter.ToUnixTimeSeconds(),
        session.Refresh.Text);
}
