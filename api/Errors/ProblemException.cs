namespace Mall.Api.Errors;

/// <summary>
/// Ends a request at the front door, before any grain was called: bad input, no token, too many requests. Business refusals
/// are results and never travel as exceptions.
/// </summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;
}
