namespace Afterimage.Cli.Simulation;

/// <summary>Random draws. The same seed gives the same sequence.</summary>
internal sealed class Distributions(int seed)
{
    private readonly Random _random = new(seed);

    public bool Chance(double probability) => _random.NextDouble() < probability;

    /// <summary>Draws from the standard normal distribution, by the method of Box and Muller.</summary>
    public double Normal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble()));
        return radius * Math.Cos(2 * Math.PI * _random.NextDouble());
    }

    /// <summary>Draws from a log-normal distribution. The logarithm is normal around that of <paramref name="median"/>, with the standard
    /// deviation <paramref name="sigma"/>.</summary>
    public double LogNormal(double median, double sigma) => median * Math.Exp(sigma * Normal());

    /// <summary>Draws a number between 0 and 1: the logistic of a normal draw, with the given median.</summary>
    public double LogitNormal(double median, double sigma)
    {
        double odds = median / (1 - median) * Math.Exp(sigma * Normal());
        return odds / (1 + odds);
    }

    /// <summary>Draws how many times in a row an event of the given probability occurs.</summary>
    public int Repeats(double probability)
    {
        int repeats = 0;
        while (Chance(probability))
            repeats++;
        return repeats;
    }

    /// <summary>Draws one of the items, with probabilities in proportion to their weights.</summary>
    public T Pick<T>(IReadOnlyList<T> items, Func<T, double> weight)
    {
        double left = _random.NextDouble() * items.Sum(weight);
        foreach (T item in items)
        {
            left -= weight(item);
            if (left < 0)
                return item;
        }

        return items[^1];
    }
}
