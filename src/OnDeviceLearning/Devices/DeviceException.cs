namespace OnDeviceLearning;

/// <summary>A driver or a device failed; the message says in what and what would help.</summary>
public class DeviceException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The device is gone (driver reset, unplugged). What lived on it must be made anew on another.</summary>
public sealed class DeviceLostException(string message, Exception? inner = null) : DeviceException(message, inner);
