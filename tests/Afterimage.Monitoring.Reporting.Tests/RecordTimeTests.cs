using System.Globalization;
using System.Text;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>The times of a line are those of docs/log-format.md, to the tick, and nothing else is one.</summary>
public sealed class RecordTimeTests
{
    [Fact]
    public void A_time_is_read_to_the_tick()
    {
        var random = new Random(1);
        string[] offsets = ["Z", "+00:00", "-00:00", "+05:30", "-12:00", "+14:00", "-00:59"];
        for (int i = 0; i < 2000; i++)
        {
            var time = new DateTime(random.NextInt64(TimeSpan.TicksPerDay * 2, DateTime.MaxValue.Ticks - (TimeSpan.TicksPerDay * 2)));
            string decimals = new string('f', random.Next(8));
            string text = time.ToString(
                decimals.Length == 0 ? "yyyy-MM-ddTHH:mm:ss" : "yyyy-MM-ddTHH:mm:ss." + decimals,
                CultureInfo.InvariantCulture) + offsets[i % offsets.Length];

            Assert.True(RecordTime.TryParse(Encoding.ASCII.GetBytes(text), out long ticks), text);
            Assert.Equal(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).UtcTicks, ticks);
        }
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z")]
    [InlineData("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z")]
    [InlineData("2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00Z")]
    [InlineData("2026-01-01T00:00:00-23:59", "2026-01-01T23:59:00Z")]
    [InlineData("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.9999999Z")]
    public void A_time_at_an_end_is_read(string text, string expected)
    {
        Assert.True(RecordTime.TryParse(Encoding.ASCII.GetBytes(text), out long ticks));
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture).UtcTicks, ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-23")]
    [InlineData("2026-11-23T14:25:38")]
    [InlineData("2026-11-23T14:25:38z")]
    [InlineData("2026-11-23t14:25:38Z")]
    [InlineData("2026-11-23 14:25:38Z")]
    [InlineData("2026/11-23T14:25:38Z")]
    [InlineData("2026-11/23T14:25:38Z")]
    [InlineData("2026-11-23T14.25:38Z")]
    [InlineData("2026-11-23T14:25.38Z")]
    [InlineData("0000-11-23T14:25:38Z")]
    [InlineData("2026-00-23T14:25:38Z")]
    [InlineData("2026-13-23T14:25:38Z")]
    [InlineData("2026-11-00T14:25:38Z")]
    [InlineData("2026-11-31T14:25:38Z")]
    [InlineData("2025-02-29T14:25:38Z")]
    [InlineData("2026-11-23T24:00:00Z")]
    [InlineData("2026-11-23T14:60:38Z")]
    [InlineData("2026-11-23T14:25:60Z")]
    [InlineData("x026-11-23T14:25:38Z")]
    [InlineData("2026-1x-23T14:25:38Z")]
    [InlineData("2026-11-2xT14:25:38Z")]
    [InlineData("2026-11-23Tx4:25:38Z")]
    [InlineData("2026-11-23T14:x5:38Z")]
    [InlineData("2026-11-23T14:25:x8Z")]
    [InlineData("2026-11-23T14:25:38.Z")]
    [InlineData("2026-11-23T14:25:38.12345678Z")]
    [InlineData("2026-11-23T14:25:38.1234567")]
    [InlineData("2026-11-23T14:25:38.x234567Z")]
    [InlineData("2026-11-23T14:25:38,5Z")]
    [InlineData("2026-11-23T14:25:38ZZ")]
    [InlineData("2026-11-23T14:25:38+")]
    [InlineData("2026-11-23T14:25:38 01:00")]
    [InlineData("2026-11-23T14:25:38+0100")]
    [InlineData("2026-11-23T14:25:38+01-00")]
    [InlineData("2026-11-23T14:25:38+01:000")]
    [InlineData("2026-11-23T14:25:38+24:00")]
    [InlineData("2026-11-23T14:25:38+01:60")]
    [InlineData("2026-11-23T14:25:38+x1:00")]
    [InlineData("2026-11-23T14:25:38+01:x0")]
    public void A_text_that_is_no_time_is_refused(string text) =>
        Assert.False(RecordTime.TryParse(Encoding.ASCII.GetBytes(text), out _));
}
