using Nightjar.Protocol;

namespace Nightjar.Testing.WireLiterals;

/// <summary>What is done with a frame.</summary>
public delegate void FrameAction(in Frame frame);
