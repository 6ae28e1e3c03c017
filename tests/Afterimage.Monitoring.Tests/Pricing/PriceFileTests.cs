using System.Text;

namespace Afterimage.Monitoring.Tests.Pricing;

/// <summary>Files of prices that are no good are refused, and the sentence says where.</summary>
public sealed class PriceFileTests : IDisposable
{
    private const string Good = """{"models": [{"name": "m", "input": 1, "output": 2}]}""";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_byte_order_mark_is_passed_over() =>
        Assert.Equal(1, Load([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Good)]).Find("m")!.Input);

    [Fact]
    public void Bytes_that_are_no_text_are_refused_with_their_line() =>
        Assert.Contains("not valid UTF-8 (line 2)", Refusal([.. "{\n\""u8, 0xFF, .. "\"}"u8]), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\n\n\"models\": [{\"name\": \"\\ud83d\", \"input\": 1, \"output\": 2}]}", "half of a surrogate pair (line 3)")]
    [InlineData("{\"\\udc00\": 1}", "half of a surrogate pair (line 1)")]
    [InlineData("{\"models\": [{\"name\": \"m\", \"input\": 1, \"input\": 2, \"output\": 2}]}", "'input'")]
    [InlineData("{\"gpt\": {\"input_cost_per_token\": 1e-6}, \"gpt\": {\"input_cost_per_token\": 2e-6}}", "'gpt'")]
    public void What_cannot_be_meant_is_refused(string json, string message) =>
        Assert.Contains(message, Refusal(Encoding.UTF8.GetBytes(json)), StringComparison.Ordinal);

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Deep_nesting_is_refused(char bracket) =>
        Assert.Contains("not valid JSON", Refusal(Encoding.UTF8.GetBytes(new string(bracket, 100_000))), StringComparison.Ordinal);

    [Fact]
    public void A_file_of_more_than_64_MiB_is_refused()
    {
        using (FileStream file = File.Create(_directory.File("prices.json")))
            file.SetLength((64L << 20) + 1);

        FormatException e = Assert.Throws<FormatException>(() => ModelPricing.Load(_directory.File("prices.json")));

        Assert.Contains("64 MiB", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endless_device_is_refused()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "there is no /dev/zero");

        Assert.Throws<FormatException>(() => ModelPricing.Load("/dev/zero"));
    }

    private ModelPricing Load(byte[] bytes)
    {
        string path = _directory.File("prices.json");
        File.WriteAllBytes(path, bytes);
        return ModelPricing.Load(path);
    }

    private string Refusal(byte[] bytes) => Assert.Throws<FormatException>(() => Load(bytes)).Message;
}
