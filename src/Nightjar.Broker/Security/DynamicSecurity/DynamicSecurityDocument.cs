namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The state of dynamic security that is in force, and its file.</summary>
internal sealed class DynamicSecurityDocument
{
    private DynamicSecurityState _current;

    /// <summary>Makes a document of a state that is on disk.</summary>
    internal DynamicSecurityDocument(DynamicSecurityState state) => _current = state;

    /// <summary>The state that is in force.</summary>
    internal DynamicSecurityState Current => Volatile.Read(ref _current);

    /// <summary>Raised when another state is in force: the old one, the new one, and what is different. In order, one call at a time; must not block.</summary>
    internal event Action<DynamicSecurityState, DynamicSecurityState, DynamicSecurityChange>? Changed;

    /// <summary>Puts another state in force.</summary>
    internal void Replace(DynamicSecurityState state, DynamicSecurityChange change)
    {
        var old = Interlocked.Exchange(ref _current, state);
        Changed?.Invoke(old, state, change);
    }
}
