using BenchmarkDotNet.Running;
using Nightjar.Microbenchmarks.Security;
using Nightjar.Microbenchmarks.Storage;

namespace Nightjar.Microbenchmarks;

/// <summary>Runs the benchmarks that the command line names; without arguments it asks. <c>rules-cost</c> and <c>store-figures DIRECTORY [append|offline|online|start]</c> are measurements of their own.</summary>
internal static class Program
{
    private static void Main(string[] args)
    {
        if (args is ["rules-cost"]) RulesCost.Print(Console.Out);
        else if (args is ["store-figures", var directory, ..]) StoreFigures.Print(Console.Out, directory, args.Length > 2 ? args[2] : "all");
        else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    }
}
