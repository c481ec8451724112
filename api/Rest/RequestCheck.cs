namespace Mall.Api.Rest;

/// <summary>
/// Checks path, query and idempotency key of a request before the framework binds them to the handler's parameters, from whose
/// types and ranges it is made. The framework alone would pass over names that it does not know, take the same name twice for one
/// value, and not say which field it could not read.
/// </summary>
internal sealed class RequestCheck
{
    private const int MaxName = 64;

    private readonly string[] _ids;
    private readonly Parameter[] _query;
    private readonly bool _takesKey;

    public RequestCheck(RouteEndpointBuilder endpoint, MethodInfo handler)
    {
        var plain = handler.GetParameters().Where(IsPlain).ToLookup(p => endpoint.RoutePattern.GetParameter(p.Name!) is not null);
        _ids = [.. plain[true].Where(p => p.ParameterType == typeof(long)).Select(p => p.Name!)];
        _query = [.. plain[false].Select(Parameter.Of)];
        _takesKey = handler.GetParameters().Any(p => p.GetCustomAttribute<IdempotencyKeyAttribute>() is not null);
    }

    /// <exception cref="ProblemException">100002, naming each field.</exception>
    public void Check(HttpContext http)
    {
        var checks = new FieldChecks();
        foreach (var id in _ids)
        {
            if (!TryParse(http.Request.RouteValues[id] as string, out var value) || value is 0 or > ExactNumbers.Max)
                checks.Fail(id, FieldChecks.IdRule);
        }

        if (http.Request.QueryString.HasValue)
            CheckQuery(http.Request, ref checks);
        checks.ThrowIfAny();
        if (_takesKey)
            http.IdempotencyKey();
    }

    private void CheckQuery(HttpRequest request, ref FieldChecks checks)
    {
        var hasBlanks = false;
        foreach (var (name, values) in request.Query)
        {
            if (name.Length > MaxName)
                throw new ProblemException(Unknown);
            if (Array.Find(_query, known => known.Name == name) is not { } parameter)
                checks.Fail(name, "is not a name that the query of this request knows");
            else if (values.Count > 1)
                checks.Fail(name, "may be given once only");
            else if (string.IsNullOrEmpty(values[0]))
                hasBlanks = true;
            else if (parameter.Complaint(values[0]!) is { } complaint)
                checks.Fail(name, complaint);
        }

        // An empty value counts as absent; the framework takes it for one that it cannot read.
        if (hasBlanks)
            request.QueryString = QueryString.Create(request.Query.Where(pair => !string.IsNullOrEmpty(pair.Value)));
    }

    private static Problem Unknown =>
        Problem.Of(ErrorCodes.BadParameter, "The query has a name that this request does not know.");

    private static bool IsPlain(ParameterInfo parameter) =>
        Parameter.TypeOf(parameter) is var type
        && (type == typeof(long) || type == typeof(int) || type == typeof(bool) || type == typeof(string))
        && !parameter.GetCustomAttributes().OfType<IFromHeaderMetadata>().Any();

    private static bool TryParse(string? text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>A parameter of the query. Numbers keep to their range, which begins at 0 when the handler names none.</summary>
    private sealed record Parameter(string Name, Type Type, long Min, long Max)
    {
        public static Type TypeOf(ParameterInfo parameter) =>
            Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;

        public static Parameter Of(ParameterInfo parameter)
        {
            var range = parameter.GetCustomAttribute<RangeAttribute>();
            var max = range?.Maximum ?? (TypeOf(parameter) == typeof(int) ? int.MaxValue : ExactNumbers.Max);
            return new Parameter(
                parameter.Name!, TypeOf(parameter), Convert.ToInt64(range?.Minimum ?? 0L, CultureInfo.InvariantCulture),
                Convert.ToInt64(max, CultureInfo.InvariantCulture));
        }

        public string? Complaint(string text)
        {
            if (Type == typeof(string))
                return null;
            if (Type == typeof(bool))
                return text is "true" or "false" ? null : "must be true or false";
            return TryParse(text, out var value) && value >= Min && value <= Max ? null : $"must be a number from {Min} to {Max}";
        }
    }
}
