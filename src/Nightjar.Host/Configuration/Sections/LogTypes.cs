namespace Nightjar.Host.Configuration.Sections;

/// <summary>Which log lines are written: values of log_type.</summary>
[Flags]
internal enum LogTypes : ushort
{
    None = 0,
    Information = 1,
    Notice = 2,
    Warning = 4,
    Error = 8,
    Debug = 16,
    Subscribe = 32,
    Unsubscribe = 64,
    WebSockets = 128,
    Internal = 256,
    Default = Information | Notice | Warning | Error,
    All = Default | Debug | Subscribe | Unsubscribe | WebSockets | Internal,
}
