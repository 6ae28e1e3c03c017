namespace Afterimage.Monitoring.Alerts;

/// <summary>The formulas by which rules are judged.</summary>
internal static class Statistics
{
    /// <summary>Returns the one-sided Wilson confidence bounds of a rate. Each bound holds with the given confidence.</summary>
    /// <remarks>Wilson 1927; centre (p + z²/2n) / (1 + z²/n), half width z / (1 + z²/n) · √(p(1 − p)/n + z²/4n²).</remarks>
    public static (double Lower, double Upper) Wilson(double rate, long count, double confidence)
    {
        double z = NormalQuantile(confidence);
        double zz = z * z / count;
        double centre = (rate + (zz / 2)) / (1 + zz);
        double half = z / (1 + zz) * Math.Sqrt((rate * (1 - rate) / count) + (zz / (4 * count)));
        return (centre - half, centre + half);
    }

    /// <summary>Returns the x below which a standard normal variable lies with probability <paramref name="p"/>.</summary>
    public static double NormalQuantile(double p) => Solve(x => NormalProbability(x) - p, -8, 8);

    /// <summary>Finds the zero of an increasing function by bisection.</summary>
    public static double Solve(Func<double, double> rising, double low, double high)
    {
        while (true)
        {
            double middle = low + ((high - low) / 2);
            if (middle <= low || middle >= high)
                return middle;
            if (rising(middle) < 0)
                low = middle;
            else
                high = middle;
        }
    }

    // G. Marsaglia, "Evaluating the Normal Distribution", Journal of Statistical Software 11 (2004): 1/2 + φ(x) (x + x³/3 + x⁵/(3·5) + …).
    private static double NormalProbability(double x)
    {
        double sum = x;
        double term = x;
        for (int i = 3; sum + term != sum || i == 3; i += 2)
        {
            term *= x * x / i;
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
    }
}
