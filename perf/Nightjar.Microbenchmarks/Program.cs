using BenchmarkDotNet.Running;

namespace Nightjar.Microbenchmarks;

/// <summary>Runs the benchmarks that the command line names; without arguments it asks.</summary>
internal static class Program
{
    private static void Main(string[] args) => BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
