namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Parses the times of docs/log-format.md.</summary>
internal static class RecordTime
{
    private const int SecondsLength = 19;

    /// <summary>Returns the UTC ticks of a time that is given in ticks since 1970. An offset can carry the first and last day of the
    /// calendar past its end; such a time is clamped to that end.</summary>
    public static long OfUnix(long ticks) =>
        Math.Clamp(DateTime.UnixEpoch.Ticks + ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);

    /// <summary>Parses a time such as <c>2026-11-23T14:25:38.1234567Z</c>, with up to seven decimals of a second and an offset.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ticks">The time in UTC ticks. A time that its offset moves past the end of the calendar is clamped to that end.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < SecondsLength + 1 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
            return false;

        int year = Number(text[..4]);
        int month = Number(text[5..7]);
        int day = Number(text[8..10]);
        int hour = Number(text[11..13]);
        int minute = Number(text[14..16]);
        int second = Number(text[17..19]);
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 59)
            return false;

        ReadOnlySpan<byte> rest = text[SecondsLength..];
        if (!TryReadFraction(ref rest, out long fraction) || !TryReadOffset(rest, out long offset))
            return false;

        ticks = Math.Clamp(new DateTime(year, month, day, hour, minute, second).Ticks + fraction - offset, 0, DateTime.MaxValue.Ticks);
        return true;
    }

    private static bool TryReadFraction(ref ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text[0] != '.')
            return true;

        int length = text[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (length is < 1 or > 7)
            return false;

        ticks = Number(text.Slice(1, length));
        for (int digit = length; digit < 7; digit++)
            ticks *= 10;
        text = text[(length + 1)..];
        return true;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text is [(byte)'Z'])
            return true;
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':')
            return false;

        int hours = Number(text[1..3]);
        int minutes = Number(text[4..]);
        if (hours is < 0 or > 23 || minutes is < 0 or > 59)
            return false;

        ticks = ((hours * 60L) + minutes) * TimeSpan.TicksPerMinute * (text[0] == '-' ? -1 : 1);
        return true;
    }

    /// <summary>Returns the number that the digits represent; -1 if one is not a digit.</summary>
    private static int Number(ReadOnlySpan<byte> digits)
    {
        int number = 0;
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
                return -1;
            number = (number * 10) + (digit - '0');
        }

        return number;
    }
}
