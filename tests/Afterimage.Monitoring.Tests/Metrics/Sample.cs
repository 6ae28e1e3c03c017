using FsCheck;
using FsCheck.Fluent;

namespace Afterimage.Monitoring.Tests.Metrics;

public enum Shape
{
    Positive,
    AnySign,
    WithZeros,
    Constant,
    Integers,
    NearPowersOfTwo,
    ManyScalesApart,
    SmallSpreadFarFromZero,
}

/// <summary>Values of any size that a double has, told by what they are grown from.</summary>
/// <param name="Seed">Of the random numbers.</param>
/// <param name="Length">Number of values.</param>
public sealed record AnySizes(int Seed, int Length)
{
    public double[] Values()
    {
        var random = new Random(Seed);
        double[] ends = [0, double.Epsilon, 3 * double.Epsilon, 2.2250738585072014E-308, double.MaxValue, 1e-9, 1e12];
        return
        [
            .. Enumerable
                .Range(0, Length)
                .Select(_ => (random.Next(2) == 0 ? 1 : -1) * (random.Next(20) == 0
                    ? ends[random.Next(ends.Length)]

                    // A random exponent, and as many bits of the fraction as a subnormal has.
                    : BitConverter.Int64BitsToDouble(((long)random.Next(0x7FF) << 52) | (random.NextInt64(1L << 52) >> random.Next(52))))),
        ];
    }
}

/// <summary>A sample of values, told by what it is grown from: so that many thousand values are made in no time, and shrink by their
/// number.</summary>
/// <param name="Seed">Of the random numbers.</param>
/// <param name="Length">Number of values.</param>
/// <param name="Shape">What they are like; magnitudes are zero or 1e-9 to 1e12.</param>
public sealed record Sample(int Seed, int Length, Shape Shape)
{
    public Random Random { get; } = new(Seed);

    public double[] Values()
    {
        double constant = Magnitude() * Sign();
        double center = Magnitude() * 0.99;
        return
        [
            .. Enumerable
                .Range(0, Length)
                .Select(_ =>
                    Shape switch
                    {
                        Shape.Positive => Magnitude(),
                        Shape.AnySign => Magnitude() * Sign(),
                        Shape.WithZeros => Random.Next(3) == 0 ? 0 : Magnitude() * Sign(),
                        Shape.Constant => constant,
                        Shape.Integers => Random.Next(100_000),
                        Shape.NearPowersOfTwo => Sign()
                            * Math.ScaleB(1, Random.Next(-29, 39))
                            * (1 + ((Random.Next(5) - 2) * double.Epsilon) + (Random.Next(-2, 3) * 1e-15)),
                        Shape.ManyScalesApart => Random.Next(4) switch
                        {
                            0 => 1e-9,
                            1 => 1e12,
                            2 => -1e12,
                            _ => Random.NextDouble() + 0.1,
                        },
                        Shape.SmallSpreadFarFromZero => center * (1 + (Random.NextDouble() * 0.01)),
                        _ => throw new InvalidOperationException(),
                    }),
        ];
    }

    // 1e-9 to 1e12, each order of magnitude as likely as the others.
    private double Magnitude() => Math.Clamp(Math.Pow(10, (Random.NextDouble() * 21) - 9), 1e-9, 1e12);

    private int Sign() => Random.Next(2) == 0 ? 1 : -1;
}

/// <summary>Generators for FsCheck.</summary>
public static class Samples
{
    public static Arbitrary<AnySizes> AnySizes() => Arb.From(
        from seed in Gen.Choose(0, int.MaxValue)
        from length in Gen.Frequency((3, Gen.Choose(1, 3_000)), (1, Gen.Choose(10_001, 40_000)))
        select new AnySizes(seed, length),
        sample => sample.Length == 1 ? [] : [sample with { Length = sample.Length / 2 }, sample with { Length = sample.Length - 1 }]);

    public static Arbitrary<Sample> Sample() => Arb.From(
        from seed in Gen.Choose(0, int.MaxValue)
        from length in Gen.Frequency(
            (4, Gen.Choose(1, 20)),
            (4, Gen.Choose(20, 2_000)),
            (3, Gen.Choose(2_000, 10_000)),
            (1, Gen.Choose(40_000, 80_000)),
            (1, Gen.Elements(2047, 2048, 2049, 16 * 2048, (16 * 2048) + 1)))
        from shape in Gen.Elements(Enum.GetValues<Shape>())
        select new Sample(seed, length, shape),
        sample => sample.Length == 1 ? [] : [sample with { Length = sample.Length / 2 }, sample with { Length = sample.Length - 1 }]);
}
