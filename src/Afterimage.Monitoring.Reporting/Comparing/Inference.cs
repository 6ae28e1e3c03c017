using MathNet.Numerics;
using MathNet.Numerics.Distributions;
using Wilson = Afterimage.Monitoring.Alerts.Statistics;

namespace Afterimage.Monitoring.Reporting.Comparing;

/// <summary>The formulas of a comparison, over the distributions of Math.NET.</summary>
internal static class Inference
{
    private const double Tail = (1 - RunComparison.Confidence) / 2;

    /// <summary>The mean's interval by Student's t.</summary>
    /// <param name="mean">The mean.</param>
    /// <param name="squaredError">The mean's squared standard error: the sample variance by the number of points.</param>
    /// <param name="count">Points.</param>
    public static Estimate Mean(double mean, double squaredError, long count)
    {
        if (count < 2 || !double.IsFinite(squaredError))
            return new Estimate(mean, null, null);
        double half = StudentT.InvCDF(0, 1, count - 1, 1 - Tail) * Math.Sqrt(squaredError);
        return new Estimate(mean, mean - half, mean + half);
    }

    /// <summary>A difference of two doubles; past their range its end.</summary>
    private static double WithinRange(double difference) => Math.Clamp(difference, double.MinValue, double.MaxValue);

    /// <summary>The interval of a rate by Wilson's score.</summary>
    public static Estimate Rate(long hits, long count)
    {
        double rate = (double)hits / count;
        (double lower, double upper) = Wilson.Wilson(rate, count, 1 - Tail);

        // At either end rounding could leave the rate outside.
        return new Estimate(rate, Math.Clamp(lower, 0, rate), Math.Clamp(upper, rate, 1));
    }

    /// <summary>Which of <paramref name="count"/> sorted points bound the interval of quantile <paramref name="q"/>, counted from 0; null
    /// for an end that so few points do not have.</summary>
    /// <remarks>Fewer than k + 1 points lie below the quantile with the binomial probability P(X ≤ k).</remarks>
    public static (long? Lower, long? Upper) QuantileRanks(long count, double q)
    {
        long above = FirstRank(k => Binomial(k) > Tail);
        long upper = FirstRank(k => Binomial(k) >= 1 - Tail);
        return (above == 0 ? null : above - 1, upper == count ? null : upper);

        // P(X ≤ k) of count draws, each below the quantile with probability q.
        double Binomial(long k) => k >= count ? 1 : SpecialFunctions.BetaRegularized(count - k, k + 1, 1 - q);

        long FirstRank(Func<long, bool> holds)
        {
            long low = 0;
            long high = count;
            while (low < high)
            {
                long middle = low + ((high - low) / 2);
                if (holds(middle))
                    high = middle;
                else
                    low = middle + 1;
            }

            return low;
        }
    }

    /// <summary>The difference b − a of two estimates, its interval put together from theirs: each end by the root of the squares of the
    /// distances that lead to it.</summary>
    public static Estimate Difference(Estimate a, Estimate b)
    {
        double change = WithinRange(b.Value - a.Value);
        return new Estimate(
            change,
            change - Distance(b.Value - b.Lower, a.Upper - a.Value) is { } lower ? WithinRange(lower) : null,
            change + Distance(b.Upper - b.Value, a.Value - a.Lower) is { } upper ? WithinRange(upper) : null);

        static double? Distance(double? first, double? second) => first is { } x && second is { } y ? double.Hypot(x, y) : null;
    }

    /// <summary>Welch's interval and two-sided p-value of the difference b − a of two means, each with its squared standard error, of which
    /// at least one is more than zero.</summary>
    public static (Estimate Change, double PValue) Welch(
        double meanA,
        double squaredA,
        long countA,
        double meanB,
        double squaredB,
        long countB)
    {
        double change = meanB - meanA;
        double squared = squaredA + squaredB;

        // By shares of the whole, which no square can carry out of a double's range; rounding must not take the freedom below its least.
        double a = squaredA / squared;
        double b = squaredB / squared;
        double freedom = Math.Max(1 / ((a * a / (countA - 1)) + (b * b / (countB - 1))), Math.Min(countA, countB) - 1);
        double error = Math.Sqrt(squared);
        double half = StudentT.InvCDF(0, 1, freedom, 1 - Tail) * error;
        return (
            new Estimate(change, change - half, change + half),
            Math.Min(1, 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(change) / error)));
    }

    /// <summary>Fisher's exact test, two-sided: the probability of all tables with these margins that are no more likely than this
    /// one.</summary>
    /// <param name="hitsA">Hits among <paramref name="countA"/>.</param>
    /// <param name="countA">Trials of the first.</param>
    /// <param name="hitsB">Hits among <paramref name="countB"/>.</param>
    /// <param name="countB">Trials of the second.</param>
    public static double Fisher(long hitsA, long countA, long hitsB, long countB)
    {
        // Equally likely tables must count as such in spite of rounding.
        const double Tolerance = 1e-7;
        long hits = hitsA + hitsB;
        long least = Math.Max(0, hits - countB);
        long most = Math.Min(hits, countA);
        long mode = Math.Clamp((long)((countA + 1.0) * (hits + 1.0) / (countA + countB + 2.0)), least, most);
        if (hitsA == mode)
            return 1;

        double own = LogProbability(hitsA);
        double limit = own + Tolerance;
        return hitsA < mode
            ? Math.Min(1, Down(hitsA) + (LogProbability(most) <= limit ? Up(FirstUnlikely(mode, most)) : 0))
            : Math.Min(1, Up(hitsA) + (LogProbability(least) <= limit ? Down(FirstUnlikely(mode, least)) : 0));

        double LogProbability(long x) => Choose(countA, x) + Choose(countB, hits - x) - Choose(countA + countB, hits);

        static double Choose(long n, long k) =>
            SpecialFunctions.GammaLn(n + 1.0) - SpecialFunctions.GammaLn(k + 1.0) - SpecialFunctions.GammaLn(n - k + 1.0);

        // The first on the way from the mode to an end that is no more likely than the observed one; the end itself is.
        long FirstUnlikely(long from, long to)
        {
            while (Math.Abs(to - from) > 1)
            {
                long middle = from + ((to - from) / 2);
                if (LogProbability(middle) <= limit)
                    to = middle;
                else
                    from = middle;
            }

            return to;
        }

        // Each term from the one before: away from the mode they fall, and when one no longer changes the sum, none will.
        double Down(long from) => Sum(from, from - least, x => (double)x / (countA - x + 1) * (countB - hits + x) / (hits - x + 1), -1);

        double Up(long from) => Sum(from, most - from, x => (double)(countA - x) / (x + 1) * (hits - x) / (countB - hits + x + 1), 1);

        double Sum(long from, long terms, Func<long, double> ratio, int step)
        {
            double sum = 1;
            double term = 1;
            for (long x = from; terms > 0 && sum + term != sum; x += step, terms--)
            {
                term *= ratio(x);
                sum += term;
            }

            return sum * Math.Exp(LogProbability(from));
        }
    }
}
