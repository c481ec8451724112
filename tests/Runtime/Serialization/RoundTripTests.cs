using System.Buffers;
using System.Collections.Immutable;

namespace Mall.Runtime.Tests.Serialization;

public class RoundTripTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void EveryMessageOfTheTests_RoundTripsAndSurvivesHostileBytes(int seed) =>
        Assert.True(MessageRoundTrip.CheckAll(typeof(Everything).Assembly, seed) >= 7);

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void EveryMessageOfTheMall_RoundTripsAndSurvivesHostileBytes(int seed) =>
        MessageRoundTrip.CheckAll(System.Reflection.Assembly.Load("Mall.GrainInterfaces"), seed);

    [Fact]
    public void EveryMessageOfTheRuntime_RoundTrips() => Assert.True(MessageRoundTrip.CheckAll(typeof(Grain).Assembly, 1) >= 3);

    [Fact]
    public void Reader_WhenItDoesNotKnowAField_SkipsIt()
    {
        // A newer sender's line: two more fields, one of them a group with a group in it.
        var output = new ArrayBufferWriter<byte>();
        var writer = new WireWriter(output);
        writer.WriteTag(1, WireType.Group);
        WireSerializers.Int64.Write(ref writer, 1, 7);
        writer.WriteTag(100, WireType.Group);
        writer.WriteTag(1, WireType.Group);
        WireSerializers.Guid.Write(ref writer, 9, Guid.Empty);
        WireSerializers.Double.Write(ref writer, 3, 1.5);
        writer.WriteEndGroup();
        writer.WriteEndGroup();
        WireSerializers.Single.Write(ref writer, 200, 1.5f);
        WireSerializers.String.Write(ref writer, 201, "new");
        WireSerializers.Int32.Write(ref writer, 3, 8);
        writer.WriteEndGroup();
        writer.Flush();
        var line = (Line?)MessageRoundTrip.Read(Serializer<Line>(), output.WrittenSpan);
        Assert.Equal(new Line(7, 8, "", null), line); // And an older sender's, which had no name yet.
    }

    [Fact]
    public void Reader_WhenARequiredMessageIsMissing_SaysSo()
    {
        byte[] empty = [0x0e, 0x00]; // Field 1, group, end.
        var exception = Assert.Throws<WireFormatException>(() => MessageRoundTrip.Read(Serializer<Wrapper>(), empty));
        Assert.Contains("Inner is missing", exception.Message);
    }

    [Fact]
    public void Reader_WhenGroupsNestTooDeeply_Stops()
    {
        byte[] deep = [.. Enumerable.Repeat<byte>(0x0e, 100_000)];
        Assert.Throws<WireFormatException>(() => MessageRoundTrip.Read(Serializer<Tree>(), deep));
    }

    [Fact]
    public void Size_OfASmallMessage_IsSmall()
    {
        var bytes = MessageRoundTrip.Write(Serializer<Line>(), new Line(7, 2, "tea", null));
        Assert.Equal(11, bytes.Length); // Tag, 1 + 1, 1 + 1, 1 + 1 + 3, end.
    }

    [Fact]
    public void Text_WithHalfASurrogatePair_IsRefusedByTheWriter() =>
        Assert.Throws<WireFormatException>(() => MessageRoundTrip.Write(Serializer<Line>(), new Line(1, 1, "\ud800", null)));

    [Fact]
    public void Generic_MessagesNest()
    {
        var serializer = new MallGenerated.Mall.Runtime.Tests.Serialization.Result1_Serializer<ImmutableArray<int?>>(
            new ImmutableArraySerializer<int?>(new NullableSerializer<int>(WireSerializers.Int32)));
        var result = new Result<ImmutableArray<int?>>([1, null, 3], 4, "why") { All = [[5], []] };
        Assert.Equal(MessageRoundTrip.Describe(result),
            MessageRoundTrip.Describe(MessageRoundTrip.Read(serializer, MessageRoundTrip.Write(serializer, result))));
    }

    private static WireSerializer Serializer<T>() => MessageRoundTrip.SerializersOf(typeof(T).Assembly)[typeof(T)];
}
