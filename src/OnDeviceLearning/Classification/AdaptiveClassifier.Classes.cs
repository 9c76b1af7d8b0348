using System.Runtime.InteropServices;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Text;

namespace OnDeviceLearning;

// Classes and their descriptions. Whatever changes them changes the published head at once, so that a new class is
// recognised by its description in the same frame; what has been learnt of the other classes stays.
public sealed partial class AdaptiveClassifier
{
    /// <summary>
    /// Describes a class in words, adding it if it is new. Later calls replace the descriptions; examples stay. It is
    /// recognised by the new words at once.
    /// </summary>
    /// <param name="name">The class's name: up to <see cref="MaxNameLength"/> characters, not blank. Case matters.</param>
    /// <param name="descriptions">1 to <see cref="MaxDescriptions"/> texts of up to <see cref="MaxDescriptionLength"/> characters; their embeddings are averaged.</param>
    /// <returns>
    /// How much of the text was understood: the mean over the descriptions, and all their words. At 0 the class is as good
    /// as undescribed and has to be taught by examples; from the first on it is learnt from them alone.
    /// </returns>
    /// <exception cref="ArgumentException">A text is blank, too long or not valid Unicode, or there are too many; nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">The backbone has no text encoder; nothing is changed.</exception>
    public DescriptionReading Describe(string name, params string[] descriptions)
    {
        using Turn turn = Enter("Describe");
        CheckName("Describe", name);
        ArgumentNullException.ThrowIfNull(descriptions);
        if (descriptions.Length is 0 or > MaxDescriptions)
            throw new ArgumentException($"Describe: {descriptions.Length} descriptions of '{name}'; expected 1 to {MaxDescriptions}.", nameof(descriptions));
        int index = names.IndexOf(name);
        if (index < 0)
        {
            CheckFree("Describe", name);
            CheckRoom("Describe");
        }
        // All are read before anything is changed.
        var read = new List<Description>(descriptions.Length);
        var words = new List<WordReading>();
        double understood = 0;
        foreach (string text in descriptions)
        {
            (Description description, DescriptionReading reading) = Read("Describe", name, text);
            read.Add(description);
            words.AddRange(reading.Words);
            understood += reading.Understood / descriptions.Length;
        }
        if (index < 0) index = Add(name);
        classes[index].SetDescriptions(read);
        DescriptionsChanged(index);
        return new DescriptionReading(understood, words);
    }

    /// <summary>Adds a description to a class; its embedding is averaged with the others'.</summary>
    /// <returns>How much of this text was understood.</returns>
    /// <exception cref="ArgumentException">
    /// There is no such class, it has <see cref="MaxDescriptions"/> already, or the text is blank, too long or not valid
    /// Unicode; nothing is changed.
    /// </exception>
    /// <exception cref="InvalidOperationException">The backbone has no text encoder; nothing is changed.</exception>
    public DescriptionReading AddDescription(string name, string description)
    {
        using Turn turn = Enter("AddDescription");
        int index = IndexOf("AddDescription", name);
        ClassEntry entry = classes[index];
        if (entry.Descriptions.Count == MaxDescriptions)
            throw new ArgumentException($"AddDescription: '{name}' has {MaxDescriptions} descriptions already, the most allowed.", nameof(description));
        (Description added, DescriptionReading reading) = Read("AddDescription", name, description);
        entry.SetDescriptions([.. entry.Descriptions, added]);
        DescriptionsChanged(index);
        return reading;
    }

    /// <summary>Adds a class that is known by examples alone. It is recognised once <see cref="Adapt"/> has learnt from the first.</summary>
    /// <exception cref="ArgumentException">The name is taken, blank, too long or not valid Unicode, or there are <see cref="MaxClasses"/> classes already; nothing is changed.</exception>
    public void AddClass(string name)
    {
        using Turn turn = Enter("AddClass");
        CheckName("AddClass", name);
        CheckFree("AddClass", name);
        CheckRoom("AddClass");
        Add(name);
        EvidenceChanged();
    }

    /// <summary>Renames a class; its descriptions, examples and what was learnt stay.</summary>
    /// <exception cref="ArgumentException">There is no such class, or the new name is taken, blank, too long or not valid Unicode; nothing is changed.</exception>
    public void Rename(string name, string newName)
    {
        using Turn turn = Enter("Rename");
        int index = IndexOf("Rename", name);
        CheckName("Rename", newName);
        if (name == newName) return;
        CheckFree("Rename", newName, instead: name);
        classes[index].Name = newName;
        names[index] = newName;
        Overlook(name);
        See(newName);
        predictionVersion++;
    }

    /// <summary>Removes a class with its descriptions and examples.</summary>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    public void Remove(string name)
    {
        using Turn turn = Enter("Remove");
        int index = IndexOf("Remove", name), width = embedder.Width, after = classes.Count - index - 1;
        examples.RemoveAll(classes[index]);
        classes.RemoveAt(index);
        names.RemoveAt(index);
        Overlook(name);
        Array.Copy(head, (index + 1) * width, head, index * width, after * width);
        Array.Copy(hasWeight, index + 1, hasWeight, index, after);
        predictionVersion++;
        EvidenceChanged();
    }

    private int Add(string name)
    {
        int index = classes.Count;
        classes.Add(new ClassEntry(name));
        names.Add(name);
        See(name);
        GrowHead();
        hasWeight[index] = false;
        predictionVersion++;
        return index;
    }

    private void GrowHead()
    {
        int count = classes.Count, size = count * embedder.Width;
        if (head.Length < size) Array.Resize(ref head, Math.Max(size, 2 * head.Length));
        if (hasWeight.Length < count) Array.Resize(ref hasWeight, Math.Max(count, 2 * hasWeight.Length));
        probabilities = HeadObjective.Grow(probabilities, count);
    }

    private void DescriptionsChanged(int index)
    {
        PublishTarget(index);
        predictionVersion++;
        EvidenceChanged();
    }

    // A description of which nothing was understood is none: what examples taught of the class stays.
    private void PublishTarget(int index)
    {
        ClassEntry entry = classes[index];
        float[]? target = entry.Understood > 0 ? entry.Target : null;
        if (target is null && entry.Examples > 0) return;
        hasWeight[index] = target is not null;
        target?.CopyTo(head, index * embedder.Width);
    }

    private (Description, DescriptionReading) Read(string operation, string name, string text)
    {
        CheckDescription(operation, name, text);
        if (!embedder.ReadsDescriptions)
            throw new InvalidOperationException($"{operation}: this backbone has no text encoder; add '{Excerpt(name)}' with AddClass and teach it examples.");
        var embedding = new float[embedder.Width];
        DescriptionReading reading = embedder.Embed(text, embedding);
        return (new Description(text, embedding, Math.Clamp(reading.Understood, 0, 1)), reading);
    }

    private int IndexOf(string operation, string name, string parameter = "name")
    {
        if (name is null) throw new ArgumentNullException(parameter, $"{operation}: the class name is null; {Known()}.");
        int index = names.IndexOf(name);
        return index >= 0 ? index : throw new ArgumentException($"{operation}: there is no class '{Excerpt(name)}'; {Known()}.", parameter);
    }

    private string Known() => names.Count switch
    {
        0 => "there are no classes yet",
        <= 12 => $"there are {string.Join(", ", names.Select(Excerpt))}",
        _ => $"there are {string.Join(", ", names.Take(12).Select(Excerpt))} and {names.Count - 12} more",
    };

    /// <param name="operation">The operation that asks.</param>
    /// <param name="name">The name that is asked for.</param>
    /// <param name="instead">The name whose place it takes; null where it is one more.</param>
    private void CheckFree(string operation, string name, string? instead = null)
    {
        if (names.Contains(name)) throw new ArgumentException($"{operation}: there is a class '{Excerpt(name)}' already.", nameof(name));
        string look = Look(name);
        if (looks.ContainsKey(look) && (instead is null || look != Look(instead)))
            throw new ArgumentException($"{operation}: there is a class already whose name looks the same as '{Excerpt(name)}'; they differ in blanks, joiners or how accents are written.", nameof(name));
    }

    /// <summary>What players see of a name.</summary>
    private static string Look(string name)
    {
        string shown = name.Replace("\u200C", "", StringComparison.Ordinal).Replace("\u200D", "", StringComparison.Ordinal);
        return string.Join(' ', shown.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Normalize();
    }

    private void See(string name) => CollectionsMarshal.GetValueRefOrAddDefault(looks, Look(name), out _)++;

    private void Overlook(string name)
    {
        if (--CollectionsMarshal.GetValueRefOrAddDefault(looks, Look(name), out _) == 0) looks.Remove(Look(name));
    }

    private void CheckRoom(string operation)
    {
        if (classes.Count >= MaxClasses) throw new ArgumentException($"{operation}: there are {MaxClasses} classes already, the most allowed.");
    }

    private static void CheckName(string operation, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (string.IsNullOrWhiteSpace(name)) throw new ArgumentException($"{operation}: the class name is blank.", nameof(name));
        if (name.Length > MaxNameLength)
            throw new ArgumentException($"{operation}: the class name '{Excerpt(name)}' has {name.Length} characters; at most {MaxNameLength} are allowed.", nameof(name));
        for (int i = 0; i < name.Length; i++)
            if (IsInvisible(name[i]) && !(name[i] is '\u200C' or '\u200D' && i > 0 && i + 1 < name.Length && IsInk(name[i - 1]) && IsInk(name[i + 1])))
                throw new ArgumentException($"{operation}: the class name holds the invisible character U+{(int)name[i]:X4}; expected characters that can be seen.", nameof(name));
        if (!IsUnicode(name)) throw new ArgumentException($"{operation}: the class name is not valid Unicode (a surrogate stands alone).", nameof(name));
    }

    private static void CheckDescription(string operation, string name, string text)
    {
        if (text is null) throw new ArgumentNullException(nameof(text), $"{operation}: a description of '{name}' is null.");
        if (text.Length > MaxDescriptionLength)
            throw new ArgumentException($"{operation}: a description of '{name}' has {text.Length} characters; at most {MaxDescriptionLength} are allowed.", nameof(text));
        if (!IsUnicode(text)) throw new ArgumentException($"{operation}: a description of '{name}' is not valid Unicode (a surrogate stands alone).", nameof(text));
        if (DescriptionText.Normalize(text, lowercase: false).Length == 0) throw new ArgumentException($"{operation}: a description of '{name}' is blank.", nameof(text));
    }

    // U+FDD0 to U+FDEF, U+FFFE and U+FFFF are no characters at all.
    private static bool IsInvisible(char c) =>
        char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format || c is >= '\uFDD0' and <= '\uFDEF' or >= '\uFFFE';

    // Persian, Hindi and composed emoji are written with joiners inside words; elsewhere they only hide a difference.
    private static bool IsInk(char c) => !IsInvisible(c) && !char.IsWhiteSpace(c);

    private static string Excerpt(string text) => text.Length <= 60 ? text : text[..(char.IsHighSurrogate(text[56]) ? 56 : 57)] + "...";

    // Saves are UTF-8, which has no place for half a character.
    private static bool IsUnicode(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }
}
