namespace Nightjar.Host.Configuration.Sections;

/// <summary>Which way a bridge's topic is carried, seen from this broker.</summary>
internal enum BridgeDirection : byte
{
    Out,
    In,
    Both,
}
