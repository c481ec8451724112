using System.Text;
using Mall.Api.Grpc;

namespace Mall.Tests.FrontDoor.Grpc;

public sealed class GrpcProtocolTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("Not enough stock: 3 asked, 2 left.", "Not enough stock: 3 asked, 2 left.")]
    [InlineData("100%", "100%25")]
    [InlineData("a\nb\tc", "a%0Ab%09c")]
    [InlineData("gr\u00FCn", "gr%C3%BCn")]
    [InlineData("\u4F60\u597D", "%E4%BD%A0%E5%A5%BD")]
    [InlineData("\U0001F375 ~", "%F0%9F%8D%B5 ~")]
    [InlineData("\u007F", "%7F")]
    public void PercentEncode_WhenTextIsNotPlain_EscapesItsBytes(string text, string encoded) =>
        Assert.Equal(encoded, GrpcProtocol.PercentEncode(text));

    [Fact]
    public void PercentEncode_WhateverTheText_IsReadBackByAnybody()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            var runes = Enumerable.Range(0, random.Next(0, 30)).Select(_ => AnyRune(random));
            var text = string.Concat(runes);
            var encoded = GrpcProtocol.PercentEncode(text);
            Assert.True(encoded.All(c => c is >= ' ' and <= '~'), $"seed {seed}");
            Assert.Equal(text, Uri.UnescapeDataString(encoded));
        }
    }

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc;charset=utf-8", true)]
    [InlineData("Application/GRPC+Proto ; x=y", true)]
    [InlineData("application/grpc+json", false)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/grpc-web+proto", false)]
    [InlineData("application/grpcx", false)]
    [InlineData("application/json", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void IsProtobuf_WhenContentTypeIsOurs_SaysSo(string? contentType, bool expected) =>
        Assert.Equal(expected, GrpcProtocol.IsProtobuf(contentType));

    [Theory]
    [InlineData("1H", 3600_000_000)]
    [InlineData("2M", 120_000_000)]
    [InlineData("3S", 3_000_000)]
    [InlineData("40m", 40_000)]
    [InlineData("50u", 50)]
    [InlineData("1n", 0.1)]
    [InlineData("1000n", 1)]
    [InlineData("0S", 0)]
    [InlineData("99999999H", 359999996400_000_000)]
    public void ParseTimeout_WhenItIsWellFormed_GivesItsTime(string value, double microseconds)
    {
        Assert.True(GrpcTimeout.TryParse(value, out var timeout));
        Assert.Equal(microseconds, timeout.TotalMicroseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("5")]
    [InlineData("5s")]
    [InlineData("5 S")]
    [InlineData(" 5S")]
    [InlineData("-5S")]
    [InlineData("+5S")]
    [InlineData("1.5S")]
    [InlineData("123456789S")]
    [InlineData("S5")]
    [InlineData(null)]
    public void ParseTimeout_WhenItIsMalformed_RefusesIt(string? value) => Assert.False(GrpcTimeout.TryParse(value, out _));

    private static Rune AnyRune(Random random)
    {
        while (true)
        {
            if (Rune.TryCreate(random.Next(3) == 0 ? random.Next(0x110000) : random.Next(0x80), out var rune)) return rune;
        }
    }
}
