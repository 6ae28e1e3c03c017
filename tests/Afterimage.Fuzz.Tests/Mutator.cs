using System.Text;

namespace Afterimage.Fuzz.Tests;

/// <summary>Makes inputs that are nearly right out of right ones.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> seeds)
{
    private const int MaxMutations = 12;
    private const int MaxLength = 1 << 20;

    // What readers stumble over.
    private static readonly byte[][] Morsels =
    [
        .. ((string[])
        [
            "{", "}", "[", "]", "\"", ",", ":", "\\", "\n", "\r\n", "\0", " ", "null", "true", "-0", "1e999", "-1e-999", "NaN", "Infinity",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "79228162514264337593543950336", "0.1e1", "00", "1.",
            "\\ud83d", "\\u0000", "\\u0022", "\ufeff", "😀", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "+14:00", "&a", "*a",
            "!!", "---", "- ", "? ", "|", ">", "\t", "#", "//", "/*",
        ]).Select(Encoding.UTF8.GetBytes),
        [0xFF],
        [0xC3],
        [0xED, 0xA0, 0x80],
        [0xEF, 0xBB, 0xBF],
    ];

    /// <summary>The next input.</summary>
    public byte[] Next()
    {
        List<byte> input = [.. seeds[random.Next(seeds.Count)]];
        for (int left = random.Next(1, MaxMutations); left > 0; left--)
            Mutate(input);
        return [.. input.Take(MaxLength)];
    }

    private void Mutate(List<byte> input)
    {
        int at = random.Next(input.Count + 1);
        int length = Math.Min(input.Count - at, random.Next(1, 1 + random.Next(1, 64)));
        switch (random.Next(8))
        {
            case 0 when at < input.Count:
                input[at] = (byte)random.Next(256);
                break;
            case 1 when at < input.Count:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                input.RemoveRange(at, length);
                break;
            case 3:
                input.InsertRange(random.Next(input.Count + 1), [.. input.GetRange(at, length)]);
                break;
            case 4:
                input.InsertRange(at, Repeated(Morsels[random.Next(Morsels.Length)]));
                break;
            case 5:
                input.RemoveRange(at, length);
                input.InsertRange(at, Morsels[random.Next(Morsels.Length)]);
                break;
            case 6:
                byte[] other = seeds[random.Next(seeds.Count)];
                int start = random.Next(other.Length + 1);
                input.InsertRange(at, other.Skip(start).Take(random.Next(256)));
                break;
            default:
                input.RemoveRange(at, input.Count - at);
                break;
        }
    }

    // Mostly once; now and then as deep or as long as a reader of nested things does not like.
    private IEnumerable<byte> Repeated(byte[] morsel) =>
        Enumerable.Repeat(morsel, random.Next(20) == 0 ? random.Next(1, 20_000) : 1).SelectMany(bytes => bytes);
}
