using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>
/// The colours of the night behind the page. Gold, blue and vermilion stay apart for every common kind of colour blindness
/// (after Okabe and Ito), and nothing is told by colour alone: shape, word or place says it too.
/// </summary>
internal static class Palette
{
    public static readonly SKColor NightTop = new(0x1B, 0x22, 0x3A), NightMiddle = new(0x14, 0x17, 0x28), NightBottom = new(0x0A, 0x0A, 0x12);
    public static readonly SKColor Gold = new(0xF6, 0xC6, 0x5B), Sky = new(0x7F, 0xC8, 0xF2), Vermilion = new(0xF0, 0x7A, 0x4A), Cream = new(0xF6, 0xEB, 0xD3), Mist = new(0xA9, 0xB0, 0xC4);
    public static readonly SKColor PageBlue = new(0x1C, 0x55, 0x86);
}
