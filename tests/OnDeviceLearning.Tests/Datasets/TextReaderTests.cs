using System.IO.Compression;
using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

/// <summary>The readers of text data on files made here, whole and damaged.</summary>
public sealed class TextReaderTests : IDisposable
{
    private const string WordNetHeader = "id\tpos\tlemmas\tdefinition\thypernyms\texamples\n";
    private readonly string folder = Directory.CreateTempSubdirectory("odl-texts-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Clinc_reads_each_split(bool zipped)
    {
        ClincFile file = ClincFile.Read(Write("""
            {"train": [["pay it", "pay_bill"], ["how much", "balance"]], "val": [["my money", "balance"]], "oos_val": [["sing", "oos"]], "domains": {"banking": []}}
            """, zipped));
        Assert.Equal([new LabelledText("pay it", "pay_bill"), new LabelledText("how much", "balance")], file.Train);
        Assert.Equal([new LabelledText("my money", "balance")], file.Validation);
        Assert.Equal([new LabelledText("sing", "oos")], file.OutOfScopeValidation);
        Assert.Empty(file.Test);
    }

    [Fact]
    public void A_bare_list_is_a_test_split_with_its_strangers()
    {
        ClincFile file = ClincFile.Read(Write("""[["pay it", "pay_bill"], ["sing", "oos"]]"""));
        Assert.Equal([new LabelledText("pay it", "pay_bill")], file.Test);
        Assert.Equal([new LabelledText("sing", "oos")], file.OutOfScopeTest);
    }

    [Theory]
    [InlineData("""{"train": [["pay it", "pay_bill"], ["how much"]]}""", "'train', row 2", "expected [text, intent]")]
    [InlineData("""{"train": [["pay it", 3]]}""", "'train', row 1", "expected [text, intent]")]
    [InlineData("""{"train": [["", "pay_bill"]]}""", "'train', row 1", "expected 1 to 2000")]
    [InlineData("""{"train": {}}""", "'train' is Object", "expected a list")]
    [InlineData("""{"rows": []}""", "none of 'train', 'val' and 'test'", "expected at least one")]
    [InlineData("\"text\"", "String", "expected an object of splits")]
    [InlineData("{\"train\":\n [[\"pay", "line 2", "not valid JSON")]
    public void Clinc_says_where_it_is_damaged(string content, string where, string what)
    {
        string message = Assert.Throws<FormatException>(() => ClincFile.Read(Write(content))).Message;
        Assert.Contains(where, message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Banking_reads_quotes_commas_and_line_breaks()
    {
        Assert.Equal(
            [new LabelledText("Where is it?", "card_arrival"), new LabelledText("He said \"no\", twice\nand left", "card_swallowed")],
            BankingFile.Read(Write("text,category\r\nWhere is it?,card_arrival\r\n\"He said \"\"no\"\", twice\nand left\",card_swallowed\r\n", zipped: true)));
    }

    [Theory]
    [InlineData("text,category\nWhere is it?\n", "line 2", "expected 2")]
    [InlineData("text,category\na,b,c\n", "line 2", "expected 2")]
    [InlineData("category,text\na,b\n", "line 1", "expected 'text,category'")]
    [InlineData("text,category\n\"a\nb\",c\n\"d,e\n", "line 4", "never closed")]
    [InlineData("text,category\n ,b\n", "line 2", "is empty")]
    [InlineData("text,category\n", "no row", "expected a header and rows")]
    public void Banking_says_which_line_is_damaged(string content, string where, string what)
    {
        string message = Assert.Throws<FormatException>(() => BankingFile.Read(Write(content))).Message;
        Assert.Contains(where, message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Snips_reads_texts_and_intents()
    {
        Assert.Equal([new LabelledText("play jazz", "PlayMusic")],
            SnipsFile.Read(Write("""[{"text": "play jazz", "intent": "PlayMusic", "slots": [{"start": 5, "end": 9, "entity": "genre"}]}]""")));
    }

    [Theory]
    [InlineData("""[{"text": "play jazz", "intent": "PlayMusic"}, {"text": "play"}]""", "row 2", "'intent' is missing")]
    [InlineData("""[{"intent": "PlayMusic"}]""", "row 1", "'text' is missing")]
    [InlineData("""["play"]""", "row 1", "'text' is missing")]
    [InlineData("""{"text": "play"}""", "Object", "expected a list")]
    [InlineData("[]", "empty", "expected requests")]
    public void Snips_says_which_row_is_damaged(string content, string where, string what)
    {
        string message = Assert.Throws<FormatException>(() => SnipsFile.Read(Write(content))).Message;
        Assert.Contains(where, message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    [Fact]
    public void WordNet_reads_synsets_and_links_them()
    {
        IReadOnlyList<Synset> synsets = WordNetFile.Read(Write(WordNetHeader + "1-n\tn\tcat|true cat\ta feline\t2-n\tthe cat slept|a cat\n2-n\tn\tfeline\tan animal\t\t\n", zipped: true));
        Assert.Equal(2, synsets.Count);
        Assert.Equal(["cat", "true cat"], synsets[0].Lemmas);
        Assert.Equal(("1-n", 'n', "a feline"), (synsets[0].Id, synsets[0].Category, synsets[0].Definition));
        Assert.Equal([1], synsets[0].Hypernyms);
        Assert.Equal(["the cat slept", "a cat"], synsets[0].Examples);
        Assert.Empty(synsets[1].Hypernyms);
        Assert.Empty(synsets[1].Examples);
    }

    [Theory]
    [InlineData("id\tpos\n", "line 1", "the header is")]
    [InlineData(WordNetHeader + "1-n\tn\tcat\ta feline\t\n", "line 2", "5 fields; expected 6")]
    [InlineData(WordNetHeader + "1-n\tq\tcat\ta feline\t\t\n", "line 2", "one of n, v, a, s, r")]
    [InlineData(WordNetHeader + "1-n\tn\tcat\ta\t\t\n1-n\tn\tdog\tb\t\t\n", "line 3", "occurs twice")]
    [InlineData(WordNetHeader + "1-n\tn\tcat\ta\t9-n\t\n", "'9-n'", "is not in the table")]
    [InlineData(WordNetHeader, "no synset", "expected a header and rows")]
    public void WordNet_says_which_line_is_damaged(string content, string where, string what)
    {
        string message = Assert.Throws<FormatException>(() => WordNetFile.Read(Write(content))).Message;
        Assert.Contains(where, message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_packing_and_bytes_that_are_no_text_are_told()
    {
        string path = Write("text,category\nwhere,card_arrival\n", zipped: true);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[12] ^= 0xFF;
        bytes[14] ^= 0xFF;
        File.WriteAllBytes(path, bytes);
        Assert.Contains("gzip", Assert.Throws<FormatException>(() => BankingFile.Read(path)).Message, StringComparison.Ordinal);

        string latin = Path.Combine(folder, "latin.csv");
        File.WriteAllBytes(latin, [.. "text,category\n"u8, 0xE9, .. ",a\n"u8]);
        Assert.Contains("is not UTF-8", Assert.Throws<FormatException>(() => BankingFile.Read(latin)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_unpacks_to_too_much_is_refused_before_memory_is_gone()
    {
        string path = Write(new string(' ', 100_000), zipped: true);
        Assert.Contains("more than 99999 bytes", Assert.Throws<FormatException>(() => GzipText.ReadBytes(path, 99_999)).Message, StringComparison.Ordinal);
        Assert.Equal(100_000, GzipText.ReadBytes(path, 100_000).Length);
    }

    [Fact]
    public void A_missing_file_says_where_to_get_it()
    {
        string message = Assert.Throws<FileNotFoundException>(() => ClincFile.Find(folder)).Message;
        Assert.Contains("clinc150.json.gz", message, StringComparison.Ordinal);
        Assert.Contains("https://", message, StringComparison.Ordinal);
    }

    private string Write(string content, bool zipped = false)
    {
        string path = Path.Combine(folder, Path.GetRandomFileName());
        using Stream file = File.Create(path);
        using Stream stream = zipped ? new GZipStream(file, CompressionLevel.Fastest) : file;
        stream.Write(System.Text.Encoding.UTF8.GetBytes(content));
        return path;
    }
}
