using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using OnDeviceLearning.Demo;
using SkiaSharp;

namespace OnDeviceLearning.Tests.Demo;

public sealed class PalettePngTests
{
    [Fact]
    public void Few_colours_come_back_nearly_as_they_were()
    {
        using SKBitmap picture = Picture(0);
        using SKBitmap back = SKBitmap.Decode(PalettePng.Write(picture));
        Assert.Equal((picture.Width, picture.Height), (back.Width, back.Height));
        for (int y = 0; y < picture.Height; y++)
            for (int x = 0; x < picture.Width; x++)
            {
                SKColor a = picture.GetPixel(x, y), b = back.GetPixel(x, y);
                // Six bits a channel, and the grain of dark places.
                Assert.True(Math.Abs(a.Red - b.Red) <= 6 && Math.Abs(a.Green - b.Green) <= 6 && Math.Abs(a.Blue - b.Blue) <= 6, $"({x}, {y}): {a} became {b}");
            }
    }

    [Fact]
    public void An_animation_shows_every_picture_in_turn()
    {
        SKBitmap[] pictures = [.. Enumerable.Range(0, 5).Select(Picture)];
        byte[] file = PalettePng.Animate(pictures, [100, 100, 100, 100, 900]);
        int width = pictures[0].Width;
        var palette = Array.Empty<byte>();
        byte[] canvas = new byte[width * pictures[0].Height];
        int shown = 0, frames = 0, sequence = 0;
        (int X, int Y, int W, int H) place = default;
        // Read by the rules of the format: chunks, checksums, one rectangle a frame drawn over what is there.
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            string kind = Encoding.ASCII.GetString(file, at + 4, 4);
            ReadOnlySpan<byte> data = file.AsSpan(at + 8, length);
            Assert.Equal(Crc(file.AsSpan(at + 4, length + 4)), BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)));
            if (kind == "PLTE") palette = data.ToArray();
            if (kind == "acTL") frames = BinaryPrimitives.ReadInt32BigEndian(data);
            if (kind == "fcTL")
            {
                Assert.Equal(sequence++, BinaryPrimitives.ReadInt32BigEndian(data));
                place = (BinaryPrimitives.ReadInt32BigEndian(data[12..]), BinaryPrimitives.ReadInt32BigEndian(data[16..]), BinaryPrimitives.ReadInt32BigEndian(data[4..]), BinaryPrimitives.ReadInt32BigEndian(data[8..]));
                Assert.Equal(shown == 4 ? 900 : 100, BinaryPrimitives.ReadInt16BigEndian(data[20..]));
            }
            if (kind is "IDAT" or "fdAT")
            {
                if (kind == "fdAT")
                {
                    Assert.Equal(sequence++, BinaryPrimitives.ReadInt32BigEndian(data));
                    data = data[4..];
                }
                using var unpacked = new MemoryStream();
                using (var zlib = new ZLibStream(new MemoryStream(data.ToArray()), CompressionMode.Decompress)) zlib.CopyTo(unpacked);
                byte[] rows = unpacked.ToArray();
                Assert.Equal((place.W + 1) * place.H, rows.Length);
                for (int y = 0; y < place.H; y++)
                    for (int x = 0; x < place.W; x++)
                        if (rows[y * (place.W + 1) + 1 + x] is byte index && index != ColourTable.Transparent) canvas[(place.Y + y) * width + place.X + x] = index;
                for (int i = 0; i < canvas.Length; i++)
                {
                    SKColor wanted = pictures[shown].GetPixel(i % width, i / width);
                    Assert.True(Math.Abs(wanted.Red - palette[3 * canvas[i]]) <= 6, $"frame {shown}, pixel {i}");
                }
                shown++;
            }
            at += 12 + length;
        }
        Assert.Equal((5, 5), (frames, shown));
        using SKBitmap first = SKBitmap.Decode(file);
        Assert.Equal(width, first.Width);
        foreach (SKBitmap picture in pictures) picture.Dispose();
    }

    private static SKBitmap Picture(int variety)
    {
        var picture = new SKBitmap(new SKImageInfo(60, 40, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < 40; y++)
            for (int x = 0; x < 60; x++) picture.SetPixel(x, y, (x - 3 * variety) / 8 % 2 == 0 ? new SKColor((byte)(180 + 2 * y / 8 * 4), 200, 90) : new SKColor(20, 40, (byte)(60 + 8 * variety)));
        return picture;
    }

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++) crc = (crc & 1) != 0 ? 0xEDB88320 ^ crc >> 1 : crc >> 1;
        }
        return ~crc;
    }
}
