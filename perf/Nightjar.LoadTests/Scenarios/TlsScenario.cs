using Nightjar.LoadTests.CommandLine;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Pairs over TLS, whose handshakes are timed as well.</summary>
/// <remarks>Every scenario can run over TLS; this one does not run without, so that nobody takes figures of bare TCP for those of TLS.</remarks>
internal sealed class TlsScenario : FlowScenario
{
    private static readonly PairScenario s_pairs = new();

    internal override string Name => "tls";

    internal override string Summary => "pair (10) over TLS, with the time that each handshake took";

    internal override string? Check(LoadOptions options) =>
        options.Tls is null ? "needs TLS: --broker mqtts://host:8883, or --cafile FILE." : s_pairs.Check(options);

    internal override FlowTopology Arrange(LoadOptions options) => s_pairs.Arrange(options);
}
