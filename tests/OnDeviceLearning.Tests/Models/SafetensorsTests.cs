using System.Buffers.Binary;
using System.Text;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Tests.Models;

public class SafetensorsTests
{
    [Fact]
    public void WhatIsWrittenIsRead()
    {
        float[] weights = [1, -2.5f, 6.1e-5f, 65504, 1e-7f, 0];
        byte[] file = Write(
            [
                SafetensorsTensor.FromSingle("half", [2, 3], weights, SafetensorsType.F16),
                SafetensorsTensor.FromSingle("single", [6], weights),
                SafetensorsTensor.FromInt32("ids", [], [7]),
                SafetensorsTensor.FromSingle("empty", [0, 4], []),
            ],
            new Dictionary<string, string> { ["b"] = "ä \"quoted\"\n", ["a"] = "{\"x\":1}" });
        SafetensorsFile read = SafetensorsReader.Parse(file);

        Assert.Equal("ä \"quoted\"\n", read.Metadata["b"]);
        Assert.Equal("{\"x\":1}", read.Metadata["a"]);
        Assert.Equal(4, read.Tensors.Count);
        float[] values = new float[6];
        read.Tensors["single"].CopyTo(values);
        Assert.Equal(weights, values);
        read.Tensors["half"].CopyTo(values);
        Assert.Equal(weights.Select(w => (float)(Half)w), values);
        Assert.Equal([2, 3], read.Tensors["half"].Shape);
        Assert.Equal(SafetensorsType.I32, read.Tensors["ids"].Type);
        Assert.Equal(0, read.Tensors["empty"].Length);
    }

    [Fact]
    public void TheOrderOfTensorsDoesNotChangeTheFile()
    {
        SafetensorsTensor a = SafetensorsTensor.FromSingle("a", [3], [1, 2, 3], SafetensorsType.F16), b = SafetensorsTensor.FromSingle("b", [1], [4]);
        byte[] file = Write([a, b]);
        Assert.Equal(file, Write([b, a]));
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(file) % 8);
    }

    [Fact]
    public void EveryHalfIsConverted()
    {
        byte[] bits = new byte[2 * 65536];
        List<ushort> finite = [];
        for (int i = 0; i < 65536; i++)
            if ((i & 0x7C00) != 0x7C00) finite.Add((ushort)i);
        for (int i = 0; i < finite.Count; i++) BinaryPrimitives.WriteUInt16LittleEndian(bits.AsSpan(2 * i), finite[i]);
        byte[] file = File($$"""{"t":{"dtype":"F16","shape":[{{finite.Count}}],"data_offsets":[0,{{2 * finite.Count}}] } }""", bits[..(2 * finite.Count)]);
        float[] values = new float[finite.Count];
        SafetensorsReader.Parse(file).Tensors["t"].CopyTo(values);
        for (int i = 0; i < finite.Count; i++)
            Assert.Equal(BitConverter.SingleToUInt32Bits((float)BitConverter.UInt16BitsToHalf(finite[i])), BitConverter.SingleToUInt32Bits(values[i]));
    }

    [Theory]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "4 bytes; F32 [2] takes 8")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gap")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"u":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "overlaps")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "'t' occurs twice")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 6, "2 bytes at the end")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", 4, "0..8 of 4")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}""", 8, "8..4")]
    [InlineData("""{"t":{"dtype":"F12","shape":[1],"data_offsets":[0,4]}}""", 4, "'F12'")]
    [InlineData("""{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "0 or more")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "0 or more")]
    [InlineData("""{"t":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "dimension of 4294967296")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2000000000,2000000000,2000000000],"data_offsets":[0,4]}}""", 4, "elements")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4, "more than 8")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}""", 4, "more than 2")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "two data_offsets")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "repeated entry 'shape'")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}""", 4, "unknown or repeated entry 'more'")]
    [InlineData("""{"t":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", 4, "JSON")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "'a' occurs twice")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "string")]
    [InlineData("""{"a":"\ud800"}""", 0, "object")]
    [InlineData("""{"\ud800":1}""", 0, "UTF-8")]
    [InlineData("""[]""", 0, "StartArray")]
    [InlineData("""{} {}""", 0, "JSON")]
    [InlineData("""{,}""", 0, "JSON")]
    [InlineData("", 0, "JSON")]
    public void MalformedHeadersAreRefusedWithAPlace(string header, int dataLength, string expected)
    {
        var error = Assert.Throws<ModelFormatException>(() => SafetensorsReader.Parse(File(header, new byte[dataLength])));
        Assert.Contains(expected, error.Message);
        Assert.Contains("byte", error.Message);
    }

    [Theory]
    [InlineData("F32", float.NaN)]
    [InlineData("F32", float.NegativeInfinity)]
    [InlineData("F16", float.PositiveInfinity)]
    [InlineData("BF16", float.NaN)]
    [InlineData("F64", float.NaN)]
    public void NonFiniteWeightsAreNamedByTensorAndIndex(string type, float bad)
    {
        const int count = 131, at = 77;
        byte[] element = type switch
        {
            "F32" => BitConverter.GetBytes(bad),
            "F16" => BitConverter.GetBytes(BitConverter.HalfToUInt16Bits((Half)bad)),
            "BF16" => BitConverter.GetBytes(BitConverter.SingleToUInt32Bits(bad))[2..],
            _ => BitConverter.GetBytes((double)bad),
        };
        byte[] data = new byte[count * element.Length];
        element.CopyTo(data, at * element.Length);
        byte[] file = File($$"""{"block.weight":{"dtype":"{{type}}","shape":[{{count}}],"data_offsets":[0,{{data.Length}}] } }""", data);
        var error = Assert.Throws<ModelFormatException>(() => SafetensorsReader.Parse(file));
        Assert.Contains("'block.weight'", error.Message);
        Assert.Contains("index 77", error.Message);
    }

    [Fact]
    public void LimitsAreChecked()
    {
        byte[] file = Write([SafetensorsTensor.FromSingle("a", [3], [1, 2, 3]), SafetensorsTensor.FromSingle("b", [1], [4])]);
        foreach (ModelLimits limits in (ModelLimits[])
                 [
                     new() { MaxFileBytes = 20 }, new() { MaxHeaderBytes = 20 }, new() { MaxTensors = 1 }, new() { MaxElements = 3 },
                     new() { MaxRank = 0 },
                 ])
        {
            Assert.Throws<ModelFormatException>(() => SafetensorsReader.Parse(file, limits));
            Assert.Throws<ModelFormatException>(() => SafetensorsReader.Read(new MemoryStream(file), limits));
        }
    }

    /// <summary>The product of the dimensions is 2^64: zero to who does not look.</summary>
    [Fact]
    public void AProductThatOverflowsIsRefusedWhateverTheLimits()
    {
        byte[] header = Encoding.UTF8.GetBytes("""{"t":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,0]}}""");
        byte[] file = [.. BitConverter.GetBytes((long)header.Length), .. header];
        var unlimited = new ModelLimits { MaxFileBytes = long.MaxValue, MaxElements = long.MaxValue };
        Assert.Contains("elements", Assert.Throws<ModelFormatException>(() => SafetensorsReader.Read(new MemoryStream(file), unlimited)).Message);
    }

    [Fact]
    public void AnAnnouncedSizeIsNotAllocated()
    {
        byte[] file = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(file, 7L << 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => SafetensorsReader.Parse(file));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    [Fact]
    public void EveryPrefixAndEveryLongerFileIsRefused()
    {
        byte[] file = Small();
        for (int length = 0; length < file.Length; length++)
            Assert.Throws<ModelFormatException>(() => SafetensorsReader.Parse(file.AsMemory(0, length)));
        Assert.Throws<ModelFormatException>(() => SafetensorsReader.Parse(file.Append((byte)0).ToArray()));
    }

    [Fact]
    public void FlippedBitsAndRandomHeadersOnlyGiveModelFormatException()
    {
        byte[] file = Small();
        var random = new Random(20240);
        for (int round = 0; round < 3000; round++)
        {
            byte[] broken = [.. file];
            for (int flips = random.Next(1, 4); flips > 0; flips--) broken[random.Next(broken.Length)] ^= (byte)(1 << random.Next(8));
            OnlyModelFormatException(broken);
        }
        const string alphabet = "{}[]\":,0123456789eE-.\\ud8dtypeshapeoffsets_F32 ";
        for (int round = 0; round < 3000; round++)
        {
            var header = new StringBuilder("{");
            for (int i = random.Next(60); i > 0; i--) header.Append(alphabet[random.Next(alphabet.Length)]);
            OnlyModelFormatException(File(header.ToString(), new byte[random.Next(16)]));
            byte[] noise = new byte[random.Next(80)];
            random.NextBytes(noise);
            OnlyModelFormatException(noise);
        }
    }

    [Fact]
    public void TheWriterRefusesWhatTheReaderWould()
    {
        Assert.Throws<ArgumentException>(() => SafetensorsTensor.FromSingle("a", [2], [1, float.NaN]));
        Assert.Contains("index 1", Assert.Throws<ArgumentException>(() => SafetensorsTensor.FromSingle("a", [2], [1, 70000], SafetensorsType.F16)).Message);
        Assert.Throws<ArgumentException>(() => SafetensorsTensor.FromSingle("a", [3], [1, 2]));
        Assert.Throws<ArgumentException>(() => SafetensorsTensor.FromSingle("__metadata__", [1], [1]));
        SafetensorsTensor a = SafetensorsTensor.FromSingle("a", [1], [1]);
        Assert.Throws<ArgumentException>(() => Write([a, a]));
    }

    [Fact]
    public void FilesAreReplacedWhole()
    {
        string folder = Directory.CreateTempSubdirectory().FullName, path = Path.Combine(folder, "model.safetensors");
        try
        {
            SafetensorsWriter.Write(path, [SafetensorsTensor.FromSingle("a", [1], [1])]);
            SafetensorsWriter.Write(path, [SafetensorsTensor.FromSingle("b", [1], [2])]);
            Assert.True(SafetensorsReader.Read(path).Tensors.ContainsKey("b"));
            // One that fails half-way leaves what was there, and nothing beside it.
            Assert.Throws<IOException>(() => WholeFile.Write(path, stream =>
            {
                stream.WriteByte(1);
                throw new IOException("the disk is full");
            }));
            Assert.True(SafetensorsReader.Read(path).Tensors.ContainsKey("b"));
            Assert.Equal([path], Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void OneBitOfABackboneAnywhereIsNoticed()
    {
        var metadata = new Dictionary<string, string> { ["odl.format"] = "1", ["odl.licence"] = "MIT" };
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, [SafetensorsTensor.FromSingle("a", [8], new float[8])], metadata);
        byte[] file = stream.ToArray();
        SafetensorsFile read = SafetensorsReader.Parse(file);
        for (int i = 0; i < 8 * file.Length; i++)
        {
            byte[] damaged = [.. file];
            damaged[i / 8] ^= (byte)(1 << (i % 8));
            try
            {
                // A name of another key is the only thing that a bit may change unseen: then nothing says that there was a checksum.
                Assert.DoesNotContain("odl.checksum", SafetensorsReader.Parse(damaged).Metadata.Keys);
            }
            catch (ModelFormatException)
            {
            }
        }
        // What is written again with the same metadata has a checksum of its own.
        using var again = new MemoryStream();
        SafetensorsWriter.Write(again, [SafetensorsTensor.FromSingle("a", [8], [1, 2, 3, 4, 5, 6, 7, 8])], read.Metadata);
        Assert.NotEqual(read.Metadata["odl.checksum"], SafetensorsReader.Parse(again.ToArray()).Metadata["odl.checksum"]);
    }

    [Fact]
    public void NoFileTakesADevicesPlace()
    {
        if (OperatingSystem.IsWindows()) return; // which has no folder of devices
        const string path = "/dev/odl-test.safetensors";
        IOException e = Assert.Throws<IOException>(() => SafetensorsWriter.Write(path, [SafetensorsTensor.FromSingle("a", [1], [1])]));
        Assert.Contains("is a place of devices", e.Message, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(path));
    }

    internal static byte[] File(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), file = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        data.CopyTo(file, 8 + json.Length);
        return file;
    }

    private static void OnlyModelFormatException(byte[] file)
    {
        try
        {
            SafetensorsReader.Parse(file);
        }
        catch (ModelFormatException)
        {
        }
    }

    private static byte[] Small() => Write(
        [SafetensorsTensor.FromSingle("a", [2, 2], [1, 2, 3, 4]), SafetensorsTensor.FromSingle("b", [3], [5, 6, 7], SafetensorsType.F16)],
        new Dictionary<string, string> { ["k"] = "v" });

    private static byte[] Write(IEnumerable<SafetensorsTensor> tensors, Dictionary<string, string>? metadata = null)
    {
        var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, metadata);
        return stream.ToArray();
    }
}
