namespace Nightjar.Host.Configuration.Sections;

/// <summary>When a bridge connects.</summary>
internal enum BridgeStartType : byte
{
    Automatic,
    Lazy,
    Once,
}
