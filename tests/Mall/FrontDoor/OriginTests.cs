using System.Net;
using Mall.Api.Listening;

namespace Mall.Tests.FrontDoor;

/// <summary>Whom limits for an address count together.</summary>
public sealed class OriginTests
{
    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData("2001:db8:1:2::", "2001:db8:1:2::")]
    [InlineData("fe80::1%3", "fe80::")]
    [InlineData("::1", "::")]
    public void Origin_OfAnAddress_IsThatOrItsNetwork(string address, string origin) =>
        Assert.Equal(IPAddress.Parse(origin), Origin.Of(IPAddress.Parse(address)));
}
