namespace Nightjar.Host.Verbs.Store;

/// <summary>What <c>nightjar store</c> is asked to do.</summary>
internal enum StoreCommand
{
    Check,
    Dump,
    Stats,
    Import,
}
