using System.Globalization;
using BenchmarkDotNet.Running;
using Nightjar.Microbenchmarks.Routing;
using Nightjar.Microbenchmarks.Security;
using Nightjar.Microbenchmarks.Sharing;
using Nightjar.Microbenchmarks.Storage;
using Nightjar.Microbenchmarks.Subscriptions;

namespace Nightjar.Microbenchmarks;

/// <summary>
/// Runs the benchmarks that the command line names; without arguments it asks. Comparisons of their own: <c>rules-cost</c>, <c>dynsec-cost</c>, <c>sharing [STEP]</c>,
/// <c>many-subscriptions COUNT</c> and <c>allocation MQLOAD SECONDS SHAPES QOS VERSIONS</c>, these two for perf/run, and
/// <c>store-figures DIRECTORY [append|offline|online|start]</c>; with the executable <c>store-start NIGHTJAR DIRECTORY</c> and
/// <c>queue-memory NIGHTJAR DIRECTORY [MESSAGES]</c>.
/// </summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        switch (args)
        {
            case ["rules-cost"]: RulesCost.Print(Console.Out); break;
            case ["sharing", ..]: SharingCost.Print(Console.Out, args.Length > 1 ? args[1] : ""); break;
            case ["dynsec-cost"]: DynamicSecurityCost.Print(Console.Out); break;
            case ["store-figures", var directory, ..]: StoreFigures.Print(Console.Out, directory, args.Length > 2 ? args[2] : "all"); break;
            case ["store-start", var nightjar, var directory]: await StoreStart.PrintAsync(nightjar, directory, Console.Out); break;
            case ["queue-memory", var nightjar, var directory, ..]:
                await QueueMemory.PrintAsync(nightjar, directory, args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 1_000_000, Console.Out);
                break;
            case ["many-subscriptions", var count]: ManySubscriptions.Print(int.Parse(count, CultureInfo.InvariantCulture), Console.Out); break;
            case ["allocation", var mqload, var seconds, var shapes, var qos, var versions]:
                await AllocationUnderLoad.PrintAsync(mqload, int.Parse(seconds, CultureInfo.InvariantCulture), shapes, qos, versions, Console.Out);
                break;
            default: BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args); break;
        }
    }
}
