using System.Net;

namespace Mall.Tests.Transactions;

/// <summary>Servers that no address names: the operator has written down where they are.</summary>
public sealed class TargetTableTests(TargetTableTests.Tabled mall) : IClassFixture<TargetTableTests.Tabled>
{
    public sealed class Tabled : DtmMall
    {
        protected override IEnumerable<string> Settings =>
        [
            "--dtm-targets",
            $"etcd://h1:2379,h2:2379/busi.rpc={Services.Grpc}, consul://h:8500/busi?wait=14s={Services.Grpc},"
            + $"etcd://h1:2379/busi.rpc={Services.Grpc},",
        ];
    }

    [Theory]
    [InlineData("etcd://h1:2379,h2:2379/busi.rpc")]
    [InlineData("consul://h:8500/busi?wait=14s")]
    [InlineData("etcd://h1:2379/busi.rpc")]
    public async Task Server_WhoseNameHasCommasOrEqualsSigns_IsCalledWhereTheTableSays(string server)
    {
        var gid = $"gid-{Guid.NewGuid():N}";
        var answer = await mall.PostAsync("submit", new
        {
            gid, trans_type = "saga", wait_result = true, steps = new[] { new { action = $"{server}/busi.Busi/ok" } },
        });
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(["01 action"], mall.Services.OpsOf(gid));
    }
}
