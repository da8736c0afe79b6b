using BenchmarkDotNet.Running;
using Nightjar.Microbenchmarks.Security;

namespace Nightjar.Microbenchmarks;

/// <summary>Runs the benchmarks that the command line names; without arguments it asks. <c>rules-cost</c> and <c>dynsec-cost</c> are measurements of their own.</summary>
internal static class Program
{
    private static void Main(string[] args)
    {
        if (args is ["rules-cost"]) RulesCost.Print(Console.Out);
        else if (args is ["dynsec-cost"]) DynamicSecurityCost.Print(Console.Out);
        else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    }
}
