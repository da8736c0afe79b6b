namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>A request from its arrival to its answer.</summary>
/// <param name="payload">The request; null for a reload of the file.</param>
/// <param name="actor">Who sent it.</param>
internal sealed class DynamicSecurityWaiter(byte[]? payload, Identity? actor)
{
    private readonly TaskCompletionSource<byte[]> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The request; null for a reload of the file.</summary>
    internal byte[]? Payload => payload;

    /// <summary>Who sent it.</summary>
    internal Identity? Actor => actor;

    /// <summary>What it will be answered.</summary>
    internal Task<byte[]> Answer => _answer.Task;

    /// <summary>The answer to be given when the state it rests on is on disk.</summary>
    internal byte[] Response { get; set; } = [];

    /// <summary>Log lines to be written then.</summary>
    internal IReadOnlyList<string> AuditLines { get; set; } = [];

    /// <summary>Whether it changed something.</summary>
    internal bool IsChange { get; set; }

    internal void Complete(byte[] response) => _answer.TrySetResult(response);

    internal void Fail(Exception exception) => _answer.TrySetException(exception);
}
