using Afterimage.Monitoring.Options;
using Microsoft.Extensions.Options;

namespace Afterimage.Monitoring;

/// <summary>Validates options by the monitor's own rules, for a host that validates at start.</summary>
internal sealed class MonitorOptionsValidator : IValidateOptions<GenerationMonitorOptions>
{
    public ValidateOptionsResult Validate(string? name, GenerationMonitorOptions options)
    {
        try
        {
            OptionsValidation.Validate(options);
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException e)
        {
            return ValidateOptionsResult.Fail(e.Message);
        }
    }
}
