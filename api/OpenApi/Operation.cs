using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.Metadata;

namespace Mall.Api.OpenApi;

/// <summary>A parameter of an operation, in its path, query or headers.</summary>
/// <param name="In">path, query or header.</param>
/// <param name="Name">As the client writes it.</param>
/// <param name="Type">integer, string or boolean.</param>
/// <param name="Description">What it means, with default and range.</param>
internal sealed record OperationParameter(string In, string Name, string Type, string Description);

/// <summary>An answer of an operation.</summary>
internal sealed record OperationAnswer(int Status, Type? Body, string Description);

/// <summary>
/// What the OpenAPI document says about an endpoint, written beside its mapping and carried in its metadata. The schemas of
/// bodies come from the serializer, everything else from here.
/// </summary>
internal sealed class Operation(Access access)
{
    private readonly List<OperationParameter> _parameters = [];
    private readonly List<OperationAnswer> _answers = [];
    private readonly List<int> _refusals = [];
    private Type? _body;

    public Access Access { get; } = access;

    public string Summary { get; private set; } = "";

    public string? Details { get; private set; }

    public IReadOnlyList<OperationParameter> Parameters => _parameters;

    public IReadOnlyList<OperationAnswer> AnswersGiven => _answers;

    /// <summary>
    /// The error codes that the endpoint itself may answer with; those that every endpoint has are added by the document.
    /// </summary>
    public IReadOnlyList<int> Refusals => _refusals;

    public bool TakesBody => _body is not null;

    public string? BodyExample { get; private set; }

    /// <summary>Served however crowded the mall is.</summary>
    public bool IsAlwaysAdmitted { get; private set; }

    /// <summary>One line for lists, and more for whoever wants to know.</summary>
    public Operation Says(string summary, string? details = null)
    {
        (Summary, Details) = (summary, details);
        return this;
    }

    /// <summary>It takes a JSON body.</summary>
    /// <param name="example">A body that would be taken.</param>
    public Operation Takes<TBody>([StringSyntax(StringSyntaxAttribute.Json)] string example)
    {
        _body = typeof(TBody);
        BodyExample = example;
        return this;
    }

    public Operation Path(string name, string type, string description) => With(new("path", name, type, description));

    public Operation Query(string name, string type, string description) => With(new("query", name, type, description));

    public Operation Header(string name, string description) => With(new("header", name, "string", description));

    /// <summary>It creates something, so it may be repeated under a key.</summary>
    public Operation TakesIdempotencyKey() => Header(
        IdempotencyKeys.HeaderName,
        "1 to 128 visible ASCII characters. The same user and key always give the same result; "
        + "the same key with another body is refused with 100007.");

    /// <param name="after">What orders the list: id or gid.</param>
    public Operation Pages(string after) => this
        .Query("after", after == "id" ? "integer" : "string", $"The last {after} of the page before; absent for the first page.")
        .Query("limit", "integer", $"1 to {Paging.MaxLimit}, default {Paging.DefaultLimit}.");

    public Operation Gives<TAnswer>(int status, string description)
    {
        _answers.Add(new(status, typeof(TAnswer), description));
        return this;
    }

    public Operation Gives(int status, string description)
    {
        _answers.Add(new(status, null, description));
        return this;
    }

    public Operation Refuses(params int[] codes)
    {
        _refusals.AddRange(codes);
        return this;
    }

    public Operation AlwaysAdmitted()
    {
        IsAlwaysAdmitted = true;
        return this;
    }

    /// <summary>Adds what the API explorer looks for.</summary>
    public void Describe(IList<object> metadata)
    {
        if (_body is not null)
            metadata.Add(new AcceptsMetadata(["application/json"], _body));
        foreach (var (status, answer, _) in _answers)
        {
            metadata.Add(answer is null
                ? new ProducesResponseTypeMetadata(status, typeof(void))
                : new ProducesResponseTypeMetadata(status, answer, ["application/json"]));
        }
    }

    private Operation With(OperationParameter parameter)
    {
        _parameters.Add(parameter);
        return this;
    }
}
