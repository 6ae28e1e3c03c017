namespace Afterimage.Monitoring.Options;

/// <summary>The limits of <see cref="GenerationMonitorOptions"/>, one sentence each.</summary>
internal static class OptionsValidation
{
    /// <summary>The longest time that a timer accepts.</summary>
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(49);

    /// <summary>The longest time that a thread can wait.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(24);

    public static void Validate(GenerationMonitorOptions options)
    {
        if (options.LogDirectory is { } directory)
        {
            Require(
                directory.Length > 0,
                "LogDirectory must not be empty. Use null to have a directory chosen.",
                directory,
                nameof(options.LogDirectory));
        }

        Require(!options.MetricHandlers.Contains(null!), "A handler must not be null.", null, nameof(options.MetricHandlers));
        Require(!options.LogHandlers.Contains(null!), "A handler must not be null.", null, nameof(options.LogHandlers));
        Require(!options.AlertHandlers.Contains(null!), "A handler must not be null.", null, nameof(options.AlertHandlers));

        RequireInterval(options.MetricsInterval, allowsZero: true, LongestInterval, nameof(options.MetricsInterval));
        Require(
            !options.AlertHandlers.Any(handler => handler.MaxMetricsInterval < options.MetricsInterval),
            "MetricsInterval must not be longer than an alert handler allows. "
                + "Alertmanager allows its resolve timeout less its resend interval.",
            options.MetricsInterval,
            nameof(options.MetricsInterval));
        RequireInterval(options.ShutdownTimeout, allowsZero: true, LongestWait, nameof(options.ShutdownTimeout));
        RequireInterval(options.HandlerTimeLimit, allowsZero: false, LongestWait, nameof(options.HandlerTimeLimit));
        RequireInterval(options.TokenUsageCallbackInterval, allowsZero: false, LongestInterval, nameof(options.TokenUsageCallbackInterval));
        Require(
            options.AlertRepeatInterval > TimeSpan.Zero,
            "AlertRepeatInterval must be greater than zero.",
            options.AlertRepeatInterval,
            nameof(options.AlertRepeatInterval));

        RequireRate(options.AlertMinSuccessRate, nameof(options.AlertMinSuccessRate));
        RequireRate(options.AlertMaxErrorRate, nameof(options.AlertMaxErrorRate));
        Require(
            options.AlertMaxGenerationTime >= TimeSpan.Zero,
            "AlertMaxGenerationTime must not be negative.",
            options.AlertMaxGenerationTime,
            nameof(options.AlertMaxGenerationTime));
        RequireThreshold(options.AlertMaxPromptTokenMean, nameof(options.AlertMaxPromptTokenMean));
        RequireThreshold(options.AlertMaxCompletionTokenMean, nameof(options.AlertMaxCompletionTokenMean));
        RequireThreshold(options.AlertMaxTotalTokenMean, nameof(options.AlertMaxTotalTokenMean));
        RequireThreshold(options.AlertMaxConversationLengthMean, nameof(options.AlertMaxConversationLengthMean));

        Require(
            options.AlertConfidence is null or (> 0.5 and < 1),
            "AlertConfidence must be greater than 0.5 and less than 1.",
            options.AlertConfidence,
            nameof(options.AlertConfidence));
        RequireList(nameof(options.AlertRules), options.AlertRules, rule => rule.Fault(), rule => rule.Name);
        RequireList(nameof(options.Budgets), options.Budgets, budget => budget.Fault(), budget => budget.Name);
        Require(
            options.Pricing is not null || options.Budgets.All(b => b.Unit != BudgetUnit.Dollars),
            "Pricing must be set when a budget is in US dollars.",
            options.Pricing,
            nameof(options.Pricing));
        Require(
            options.ReservationTimeout > TimeSpan.Zero,
            "ReservationTimeout must be greater than zero.",
            options.ReservationTimeout,
            nameof(options.ReservationTimeout));

        Require(
            Enum.IsDefined(options.BufferFullMode),
            "BufferFullMode must be Wait or Drop.",
            options.BufferFullMode,
            nameof(options.BufferFullMode));
        RequireRange(options.BufferCapacity, 16, 1 << 20, nameof(options.BufferCapacity));
        RequireRange(options.MaxRetainedPoints, 16_384, int.MaxValue, nameof(options.MaxRetainedPoints));
        RequireRange(options.CardinalityLimit, 1, 100_000, nameof(options.CardinalityLimit));
        Require(
            !options.Dimensions.Any(string.IsNullOrEmpty),
            "The name of a dimension must not be empty.",
            null,
            nameof(options.Dimensions));
        options.LogFiles.Validate();
    }

    private static void RequireList<T>(
        string setting,
        IList<T> items,
        Func<T, (string Setting, string Rule)?> faultOf,
        Func<T, string> nameOf)
        where T : class
    {
        for (int i = 0; i < items.Count; i++)
        {
            string path = $"{setting}[{i}]";
            if (items[i] is not { } item)
                throw new ArgumentException("An element must not be null.", path);
            if (faultOf(item) is { } fault)
                throw new ArgumentException($"{fault.Setting} {fault.Rule}", $"{path}.{fault.Setting}");
            if (items.Take(i).Any(earlier => nameOf(earlier) == nameOf(item)))
                throw new ArgumentException($"The name '{nameOf(item)}' must not occur twice.", $"{path}.Name");
        }
    }

    private static void RequireInterval(TimeSpan value, bool allowsZero, TimeSpan longest, string name) =>
        Require(
            (allowsZero ? value >= TimeSpan.Zero : value > TimeSpan.Zero) && value <= longest,
            allowsZero
                ? $"{name} must be from zero to {longest.TotalDays:0} days."
                : $"{name} must be greater than zero and at most {longest.TotalDays:0} days.",
            value,
            name);

    private static void RequireRate(double value, string name) =>
        Require(value is >= 0 and <= 1, $"{name} must be from 0 to 1.", value, name);

    private static void RequireThreshold(double value, string name) =>
        Require(value >= 0, $"{name} must be a number, and must not be negative.", value, name);

    private static void RequireRange(int value, int least, int most, string name) =>
        Require(value >= least && value <= most, $"{name} must be from {least} to {most}.", value, name);

    private static void Require(bool condition, string rule, object? value, string setting)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(setting, value, rule);
    }
}
