using System.Diagnostics;

namespace Nightjar.LoadTests.Measuring;

/// <summary>What a process has used at a moment.</summary>
/// <param name="Processor">Processor time since its start.</param>
/// <param name="ResidentBytes">Resident memory.</param>
internal readonly record struct ProcessUsage(TimeSpan Processor, long ResidentBytes)
{
    /// <summary>Of this process.</summary>
    internal static ProcessUsage OfThis() => new(Environment.CpuUsage.TotalTime, Environment.WorkingSet);

    /// <summary>Of the broker, when its process id is known and it lives on this machine.</summary>
    internal static ProcessUsage? Of(int? processId)
    {
        if (processId is null) return null;
        try
        {
            using var process = Process.GetProcessById(processId.Value);
            return new ProcessUsage(process.TotalProcessorTime, process.WorkingSet64);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
