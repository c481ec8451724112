using System.Net;
using Mall.Api.Errors;
using Mall.Api.Rpc;
using Mall.Tests.FrontDoor.Grpc;
using Microsoft.AspNetCore.Http;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>Whatever comes in through the gRPC door: the right status, the right code, and nothing written.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class BadCallTests(FrontDoorMall door)
{
    private static readonly Dictionary<string, BadCall> s_calls = BadCalls.All.ToDictionary(call => call.Name);

    public static TheoryData<string> Names => [.. s_calls.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Refuse_WhenCallIsBad_SaysWhyAndChangesNothing(string name)
    {
        var bad = s_calls[name];
        var before = await door.Mall.SnapshotAsync();
        var errors = door.Mall.Log.Errors.Count;

        var answer = await door.Mall.CallAsync(bad.Method, bad.Body(door), door.Token(bad.Who), bad.Headers);

        Assert.Equal(bad.HttpStatus, (int)answer.HttpStatus);
        Assert.Equal(bad.Status, answer.Status);
        if (bad.Status is null)
        {
            Assert.Equal("application/problem+json", answer.ContentType);
        }
        else
        {
            Assert.Equal("application/grpc", answer.ContentType);
            Assert.Equal(bad.Code, answer.Code);
            Assert.NotEmpty(answer.Message!);
            Assert.DoesNotContain('%', answer.Message!); // It is all plain ASCII, which stands as it is.
            Assert.Empty(answer.Body);
        }

        Assert.Equal(before, await door.Mall.SnapshotAsync());
        Assert.Empty(door.Mall.Log.Errors.Skip(errors));
    }

    [Fact]
    public void Message_WhenItIsNotPlainAscii_IsEncodedWhereGrpcWantsIt()
    {
        var http = new DefaultHttpContext();
        RpcProblems.Write(http, Problem.Of(ErrorCodes.BadParameter, "~ 100 % Gr\u00FC\u00DFe:\n"), "a trace");
        Assert.Equal("~ 100 %25 Gr%C3%BC%C3%9Fe:%0A", http.Response.Headers["grpc-message"]);
    }

    [Fact]
    public async Task Call_WhenItComesOverHttp1_IsToldToUpgrade()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(door.Mall.Http, "/mall.v1.Products/Get"));
        request.Content = new ByteArrayContent(RawCall.Frame(new V1.GetProductRequest { Id = 1 }));
        request.Content.Headers.Add("Content-Type", "application/grpc");
        using var response = await door.Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
    }
}
