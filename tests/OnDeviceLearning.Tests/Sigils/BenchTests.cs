using System.Text.Json;
using OnDeviceLearning.Cli;

namespace OnDeviceLearning.Tests.Sigils;

/// <summary><c>odl bench</c>: what it says, not how fast anything is.</summary>
public sealed class BenchTests
{
    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = OdlCommand.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static JsonElement Report(params string[] args)
    {
        (int code, string output, string error) = Run(["bench", "--quick", "--json", .. args]);
        Assert.True(code == 0, error);
        JsonElement report = JsonDocument.Parse(output).RootElement;
        Assert.Equal(["device", "driver", "copyGBs", "fmaGflops", "programs", "skipped"], report.EnumerateObject().Select(p => p.Name));
        double copy = report.GetProperty("copyGBs").GetDouble(), fma = report.GetProperty("fmaGflops").GetDouble();
        foreach (JsonElement program in report.GetProperty("programs").EnumerateArray())
        {
            Assert.Equal(["name", "medianMs", "gpuMs", "dispatches", "bytes", "flops", "floorMs", "reached"], program.EnumerateObject().Select(p => p.Name));
            double floor = program.GetProperty("floorMs").GetDouble(), median = program.GetProperty("medianMs").GetDouble();
            double expected = Math.Max(program.GetProperty("flops").GetInt64() / (fma * 1e6), program.GetProperty("bytes").GetInt64() / (copy * 1e6));
            Assert.InRange(floor, 0.998 * expected, 1.002 * expected);
            double time = program.GetProperty("gpuMs").ValueKind == JsonValueKind.Null ? median : program.GetProperty("gpuMs").GetDouble();
            Assert.InRange(program.GetProperty("reached").GetDouble(), 0.998 * floor / time, 1.002 * floor / time);
            Assert.True(floor > 0 && program.GetProperty("dispatches").GetInt32() >= 1);
        }
        return report;
    }

    [Fact]
    public void Counts_on_the_cpu_are_those_of_a_hand()
    {
        JsonElement report = Report("--device", "cpu", "--filter", "gemm 256");
        JsonElement gemm = Assert.Single(report.GetProperty("programs").EnumerateArray());
        Assert.Equal("gemm 256", gemm.GetProperty("name").GetString());
        Assert.Equal(2L * 256 * 256 * 256, gemm.GetProperty("flops").GetInt64());
        Assert.Equal(3L * 4 * 256 * 256, gemm.GetProperty("bytes").GetInt64());
        Assert.Equal(JsonValueKind.Null, gemm.GetProperty("gpuMs").ValueKind);
        Assert.Equal(0, report.GetProperty("skipped").GetArrayLength());
    }

    [VulkanFact]
    public void A_gpu_tells_its_own_time_and_its_dispatches()
    {
        JsonElement report = Report("--device", "vulkan", "--filter", "convnet forward");
        JsonElement convnet = Assert.Single(report.GetProperty("programs").EnumerateArray());
        Assert.Equal("convnet forward 1", convnet.GetProperty("name").GetString());
        long products = 2L * (64 * 3 * 9 * 32 * 32 + 128 * 64 * 9 * 16 * 16 + 128 * 128 * 9 * 8 * 8 + 2048 * 1024 + 1024 * 512 + 512 * 10);
        Assert.InRange(convnet.GetProperty("flops").GetInt64(), products, 1.02 * products); // biases, activations and pools are the rest
        Assert.InRange(convnet.GetProperty("gpuMs").GetDouble(), 1e-6, convnet.GetProperty("medianMs").GetDouble() * 1.5);
        Assert.True(convnet.GetProperty("dispatches").GetInt32() >= 9); // six products, three pools
        JsonElement skipped = Assert.Single(report.GetProperty("skipped").EnumerateArray());
        Assert.Equal("convnet forward 32", skipped.GetProperty("name").GetString());
        Assert.Equal("left out by --quick", skipped.GetProperty("reason").GetString());
    }

    [Fact]
    public void The_text_names_the_device_and_what_was_left_out()
    {
        (int code, string output, _) = Run("bench", "--quick", "--device", "cpu", "--filter", "gemm 4096");
        Assert.Equal(0, code);
        Assert.Contains("GB/s copied (read and written)", output);
        Assert.Contains("gemm 4096: skipped, left out by --quick", output);
    }

    [Fact]
    public void Every_program_runs_and_trains_on_the_cpu()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu();
        BenchProgram[] programs = [.. BenchProgram.All(isShort: true)];
        Assert.Equal(programs.Length, programs.DistinctBy(p => p.Name).Count());
        foreach (BenchProgram program in programs.Where(p => !p.Name.StartsWith("gemm", StringComparison.Ordinal)))
        {
            using BenchRun run = program.Create(device);
            run.Run();
            Assert.True(run is { Flops: > 0, Bytes: > 0 }, program.Name);
        }
    }

    [Fact]
    public void A_filter_that_fits_nothing_is_refused_with_what_there_is()
    {
        (int code, _, string error) = Run("bench", "--device", "cpu", "--filter", "frobnicate");
        Assert.Equal(1, code);
        Assert.StartsWith("odl: bench: no program has 'frobnicate' in its name; there are gemm 256, ", error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }
}
