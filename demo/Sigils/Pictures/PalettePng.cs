using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>
/// PNG files of 255 colours, still or animated (APNG, now part of PNG's third edition): a third of the size that a picture of
/// parchment has in true colour, and SkiaSharp writes no animations.
/// </summary>
internal static class PalettePng
{
    private static readonly uint[] crcTable = [.. Enumerable.Range(0, 256).Select(n =>
    {
        uint c = (uint)n;
        for (int k = 0; k < 8; k++) c = (c & 1) != 0 ? 0xEDB88320 ^ c >> 1 : c >> 1;
        return c;
    })];

    /// <summary>One picture (RGBA, 8 bits each).</summary>
    public static byte[] Write(SKBitmap picture)
    {
        var colours = new ColourTable([picture]);
        using var file = new MemoryStream();
        Begin(file, picture.Width, picture.Height, colours);
        Chunk(file, "IDAT", Deflate(colours.Index(picture), picture.Width, new SKRectI(0, 0, picture.Width, picture.Height)));
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>Pictures of one size, one after the other, for ever; each keeps what the one before it shows where they agree.</summary>
    /// <param name="pictures">At least one.</param>
    /// <param name="milliseconds">How long each stays.</param>
    public static byte[] Animate(IReadOnlyList<SKBitmap> pictures, IReadOnlyList<int> milliseconds)
    {
        int width = pictures[0].Width, height = pictures[0].Height;
        var colours = new ColourTable(pictures);
        using var file = new MemoryStream();
        Begin(file, width, height, colours);
        byte[] control = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(control, pictures.Count);
        Chunk(file, "acTL", control);
        byte[]? before = null;
        int sequence = 0;
        for (int f = 0; f < pictures.Count; f++)
        {
            byte[] now = colours.Index(pictures[f]), shown = (byte[])now.Clone();
            SKRectI changed = before is null ? new SKRectI(0, 0, width, height) : KeepWhatAgrees(before, now, width, height);
            Chunk(file, "fcTL", FrameControl(sequence++, changed, milliseconds[f]));
            byte[] data = Deflate(now, width, changed);
            if (f == 0) Chunk(file, "IDAT", data);
            else
            {
                byte[] numbered = new byte[data.Length + 4];
                BinaryPrimitives.WriteInt32BigEndian(numbered, sequence++);
                data.CopyTo(numbered, 4);
                Chunk(file, "fdAT", numbered);
            }
            before = shown;
        }
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void Begin(Stream file, int width, int height, ColourTable colours)
    {
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8; // bits an index
        header[9] = 3; // indexed colour
        Chunk(file, "IHDR", header);
        byte[] table = new byte[3 * 256], alpha = new byte[256];
        Array.Fill(alpha, (byte)255);
        alpha[ColourTable.Transparent] = 0;
        for (int k = 0; k < colours.Colours.Length; k++) (table[3 * k], table[3 * k + 1], table[3 * k + 2]) = (colours.Colours[k].Red, colours.Colours[k].Green, colours.Colours[k].Blue);
        Chunk(file, "PLTE", table);
        Chunk(file, "tRNS", alpha);
    }

    /// <summary>Makes transparent what is the same as before; returns the smallest rectangle that holds the rest.</summary>
    private static SKRectI KeepWhatAgrees(byte[] before, byte[] now, int width, int height)
    {
        int left = width, top = height, right = 0, bottom = 0;
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                int i = y * width + x;
                if (now[i] == before[i])
                {
                    now[i] = ColourTable.Transparent;
                    continue;
                }
                (left, right, top, bottom) = (Math.Min(left, x), Math.Max(right, x + 1), Math.Min(top, y), Math.Max(bottom, y + 1));
            }
        return right == 0 ? new SKRectI(0, 0, 1, 1) : new SKRectI(left, top, right, bottom);
    }

    private static byte[] FrameControl(int sequence, SKRectI place, int milliseconds)
    {
        byte[] control = new byte[26];
        BinaryPrimitives.WriteInt32BigEndian(control, sequence);
        BinaryPrimitives.WriteInt32BigEndian(control.AsSpan(4), place.Width);
        BinaryPrimitives.WriteInt32BigEndian(control.AsSpan(8), place.Height);
        BinaryPrimitives.WriteInt32BigEndian(control.AsSpan(12), place.Left);
        BinaryPrimitives.WriteInt32BigEndian(control.AsSpan(16), place.Top);
        BinaryPrimitives.WriteInt16BigEndian(control.AsSpan(20), (short)milliseconds);
        BinaryPrimitives.WriteInt16BigEndian(control.AsSpan(22), 1000);
        control[25] = 1; // over what is there
        return control;
    }

    private static byte[] Deflate(byte[] indices, int width, SKRectI part)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            for (int y = part.Top; y < part.Bottom; y++)
            {
                zlib.WriteByte(0); // no filter: indices have no gradients
                zlib.Write(indices, y * width + part.Left, part.Width);
            }
        return packed.ToArray();
    }

    private static void Chunk(Stream file, string kind, ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.ASCII.GetBytes(kind, chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        uint crc = uint.MaxValue;
        foreach (byte b in chunk.AsSpan(4, 4 + data.Length)) crc = crcTable[(crc ^ b) & 255] ^ crc >> 8;
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), ~crc);
        file.Write(chunk);
    }
}
