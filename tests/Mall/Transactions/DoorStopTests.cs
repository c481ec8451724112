using System.Net;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>The door for DTM's clients closes as soon as a stop is wanted, and not when the mall's own has closed.</summary>
public sealed class DoorStopTests
{
    [Fact]
    public async Task Door_WhenTheMallIsToldToStop_TakesNothingMore()
    {
        await using var mall = new DtmMall();
        await mall.InitializeAsync();
        Assert.Equal(HttpStatusCode.OK, (await mall.GetAsync("newGid")).Status);

        // Nobody goes on with the stop from here, as while the mall's own door waits for its clients.
        mall.Mall.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await TestMall.EventuallyAsync(IsClosedAsync, "the door is closed");

        async Task<bool> IsClosedAsync()
        {
            try
            {
                await mall.GetAsync("newGid");
                return false;
            }
            catch (HttpRequestException)
            {
                return true;
            }
        }
    }
}
