using BenchmarkDotNet.Running;
using Nightjar.Microbenchmarks.Security;

namespace Nightjar.Microbenchmarks;

/// <summary>Runs the benchmarks that the command line names; without arguments it asks. <c>rules-cost</c> is a comparison of its own.</summary>
internal static class Program
{
    private static void Main(string[] args)
    {
        if (args is ["rules-cost"]) RulesCost.Print(Console.Out);
        else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    }
}
