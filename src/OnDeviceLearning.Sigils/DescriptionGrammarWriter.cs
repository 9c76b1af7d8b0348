using System.Text;

namespace OnDeviceLearning.Sigils;

/// <summary>Writes one description; used again for the next.</summary>
internal sealed class DescriptionWriter
{
    private enum Register { Full, Bare, Sloppy, Definite, One, Digit }

    private readonly StringBuilder _text = new();
    private Random _random = Random.Shared;
    private Register _register;
    private bool _texting, _heldOut, _sized, _firstKnown, _firstPlural, _hashNoise;
    private ulong _hash;

    /// <summary>Words of the last description.</summary>
    internal int WordCount
    {
        get
        {
            int spaces = 0;
            foreach (ReadOnlyMemory<char> chunk in _text.GetChunks()) spaces += chunk.Span.Count(' ');
            return spaces + 1;
        }
    }

    /// <summary>Writes a description; returns whether its phrasing is held out.</summary>
    internal bool Write(Composition composition, Random random, int heldOutPercent)
    {
        _text.Clear();
        _random = random;
        _hash = 14695981039346656037;
        _heldOut = _sized = _firstKnown = _firstPlural = false;
        _hashNoise = composition is Term { Count: 1, Size: PartSize.Any };
        int r = random.Next(100);
        _register = r < 52 ? Register.Full : r < 79 ? Register.Bare : r < 86 ? Register.Sloppy : r < 92 ? Register.Definite : r < 98 ? Register.One : Register.Digit;
        _texting = random.Next(100) < 5;
        Noise((ulong)_register);
        bool nounPhrase = true;
        if (composition is Pair pair) nounPhrase = Pair(pair, PhrasePlace.Top);
        else Noun((Term)composition, bare: false, holds: false);
        Wrap(nounPhrase);
        ulong mixed = (_hash ^ (_hash >> 33)) * 0xff51afd7ed558ccd;
        return _heldOut || (mixed >> 32) % 100 < (ulong)heldOutPercent;
    }

    /// <summary>The text of the last description with its finishing touches.</summary>
    internal string Finish(Random random, bool typos)
    {
        if (typos && random.Next(100) < 3) Typo();
        int style = random.Next(100);
        if (style < 7 && _text.Length > 0)
        {
            _text[0] = char.ToUpperInvariant(_text[0]);
            if (char.IsLetterOrDigit(_text[^1]) && random.Next(2) == 0) _text.Append('.');
        }
        else if (style < 9) return _text.ToString().ToUpperInvariant();
        return _text.ToString();
    }

    private bool Chance(int percent) => _random.Next(100) < percent;

    private void Choice(ulong hash) => _hash = (_hash ^ hash) * 1099511628211;

    private void Noise(ulong hash)
    {
        if (_hashNoise) Choice(hash);
    }

    private ref readonly Word Pick(WordList list)
    {
        ref readonly Word word = ref list.Pick(_random);
        Choice(word.Hash);
        return ref word;
    }

    private void Put(string word)
    {
        if (word.Length == 0) return;
        if (_text.Length > 0 && _text[^1] != ' ' && word[0] is not (',' or '.' or ':' or '!' or '?')) _text.Append(' ');
        _text.Append(word);
    }

    // ---- pairs ----

    private bool Pair(Pair pair, PhrasePlace place)
    {
        TemplateSet set = DescriptionGrammar.Relations[(int)pair.Relation];
        if (DescriptionGrammar.Special(pair) is { } special && Chance(14)) set = special;
        bool firstPair = pair.First is Composition and not Term, secondPair = pair.Second is Composition and not Term;
        Template template = set.Pick(_random, firstPair, secondPair, place)
            ?? set.Pick(_random, firstPair, secondPair, PhrasePlace.Top)
            ?? DescriptionGrammar.Relations[(int)Relation.Left].Pick(_random, true, true, PhrasePlace.Noun)!;
        Choice(template.Hash);
        _heldOut |= template.HeldOut;
        PartSize drop = PartSize.Any;
        if (pair.First is Term { Size: not PartSize.Any } a && pair.Second is Term { Size: not PartSize.Any } b && a.Size != b.Size && Chance(14))
            drop = Chance(50) ? a.Size : b.Size;
        foreach (TemplateToken token in template.Tokens)
        {
            Composition part = token.First ? pair.First : pair.Second;
            if (token.Literal is { } literal)
            {
                if (token.Glued) _text.Append(literal);
                else Literal(literal);
                continue;
            }
            bool plural = part is Term { Count: > 1 };
            switch (token.Op)
            {
                case 'i': Put(_register == Register.Bare && Chance(30) ? "" : plural ? "are" : "is"); break;
                case 'h': Put(plural ? "have" : "has"); break;
                case 't': Put(plural ? "them" : part is Term ? "it" : Chance(75) ? "it" : "that"); break;
                case 's': if (!plural) _text.Append('s'); break;
                case 'e': if (!plural) _text.Append("es"); break;
                case 'y': _text.Append(plural ? "y" : "ies"); break;
                case 'n' when part is Term term: Copies(term, numbered: true); break;
                case 'p' when part is Term term: Copies(term, numbered: false); break;
                default:
                    if (part is Term single)
                    {
                        if (token.Glued) _text.Append(' ');
                        Noun(single.Size != PartSize.Any && single.Size == drop ? single with { Size = PartSize.Any } : single,
                            bare: token.Op == '-', holds: !token.First && pair.Relation == Relation.Inside);
                    }
                    else
                        Pair((Pair)part, token.Op switch
                        {
                            'c' => PhrasePlace.BeforeRelation,
                            'o' => Chance(75) ? PhrasePlace.AfterRelation : PhrasePlace.Noun,
                            _ => PhrasePlace.Noun,
                        });
                    break;
            }
        }
        return template.NounPhrase;
    }

    private void Literal(string word)
    {
        if (word is "a" or "an" or "the")
        {
            if (_register == Register.Bare || (_register == Register.Sloppy && Chance(50))) return;
            // "a ring of six dots" is one thing.
            _firstKnown = true;
        }
        if (_texting) word = word switch { "with" => "w/", "and" => Chance(50) ? "&" : Chance(50) ? "n" : "and", "through" => "thru", "please" => "pls", "around" => Chance(30) ? "arnd" : word, "you" => "u", "are" => "r", _ => word };
        Put(word);
    }

    // ---- terms ----

    private void Noun(Term term, bool bare, bool holds)
    {
        bool plural = term.Count > 1;
        if (!_firstKnown) (_firstKnown, _firstPlural) = (true, plural);
        if (plural) Counted(term, bare);
        else Single(term, bare, holds);
    }

    private void Single(Term term, bool bare, bool holds)
    {
        int shape = (int)term.Primitive;
        bool styled = term.Style != Style.Plain, after = styled && Chance(30);
        string size = Size(term.Size), style = styled && !after ? Pick(Lexicon.StyleBefore[(int)term.Style]).Text : "", extra = "";
        if (!styled && Chance(3)) style = Pick(holds || term.Primitive is Primitive.Dot or Primitive.Line || Chance(55) ? Lexicon.StyleBefore[0] : Lexicon.EmptyWords).Text;
        else if (size.Length == 0 && Chance(5)) extra = Pick(Lexicon.Adjectives[shape]).Text;
        bool qualified = size.Length + style.Length + extra.Length > 0 || bare;
        ref readonly Word noun = ref Pick(qualified ? Lexicon.CountNouns[shape] : Lexicon.Nouns[shape]);
        while (noun.Sized && term.Size != PartSize.Any) noun = ref Pick(Lexicon.CountNouns[shape]);
        int start = _text.Length;
        if (style.Length > 0 && size.Length > 0 && Chance(12)) (size, style) = (style, size);
        // "circle (dashed)", "star, small", "circle dashed"
        string behind = "";
        if (style.Length > 0 && !bare && Chance(_register is Register.Bare or Register.Sloppy ? 10 : 3)) (behind, style) = (style, "");
        else if (size.Length > 0 && !bare && Chance(3)) (behind, size) = (size, "");
        Put(size);
        if (noun.OneWord) Put(extra);
        Put(style);
        string text = noun.Text;
        Put(text);
        if (noun.OneWord && noun.Kind == NounKind.Countable && Chance(4)) Put(Pick(Lexicon.ShapeWords).Text);
        if (!bare && noun.Kind == NounKind.Countable) Determine(start);
        else if (noun.Kind == NounKind.Phrase) _firstPlural |= text.StartsWith("two ", StringComparison.Ordinal) && start == 0;
        if (behind.Length > 0) Put(Chance(40) ? $"({behind})" : _register == Register.Bare || Chance(30) ? behind : $"that is {behind}");
        if (after || (!styled && term.Size == PartSize.Any && !holds && Chance(1))) Put(Pick(Lexicon.StyleAfter[(int)term.Style]).Text);
    }

    /// <summary>Puts the determiner of the register before the noun phrase that begins at <paramref name="start"/>.</summary>
    private void Determine(int start)
    {
        int at = start;
        if (at > 0 && at < _text.Length && _text[at] == ' ') at++;
        string word;
        switch (_register)
        {
            case Register.Bare: word = Chance(2) ? "a" : ""; break;
            case Register.Sloppy: word = Chance(50) ? "a" : ""; break;
            case Register.Definite: word = Chance(70) ? "the" : "a"; break;
            case Register.One: word = Chance(70) ? "one" : "a"; break;
            case Register.Digit: word = "1"; break;
            default:
                int r = _random.Next(200);
                word = r < 180 ? "a" : r < 188 ? "the" : r < 193 ? "one" : r < 196 ? "a single" : r < 197 ? "this" : r < 198 ? "some" : r < 199 ? "a lone" : "just a";
                break;
        }
        if (word.Length == 0) return;
        if (word is "a" && Chance(2)) word = "a " + Pick(Lexicon.Hedges).Text;
        else if (word.EndsWith('a') && Lexicon.TakesAn(Head(at))) word += "n";
        _text.Insert(at, word + " ");
    }

    private ReadOnlySpan<char> Head(int at)
    {
        _head.Clear();
        for (int i = at; i < _text.Length && i < at + 6; i++) _head.Add(_text[i]);
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_head);
    }

    private readonly List<char> _head = new(8);

    private string Size(PartSize size)
    {
        if (size == PartSize.Any) return "";
        bool compare = _sized && Chance(14);
        _sized = true;
        return Pick(size == PartSize.Small ? compare ? Lexicon.Smaller : Lexicon.Small : compare ? Lexicon.Larger : Lexicon.Large).Text;
    }

    private void Counted(Term term, bool bare)
    {
        int shape = (int)term.Primitive, arrangement = (int)term.Arrangement;
        bool styled = term.Style != Style.Plain, arranged = term.Arrangement != Arrangement.None;
        int form = !arranged ? 0 : _random.Next(100);
        if (arranged && !styled && term is { Size: PartSize.Any, Arrangement: Arrangement.Row, Count: <= 4 } && Chance(2))
        {
            ref readonly Word repeated = ref Pick(Lexicon.CountNouns[shape]);
            string separator = Chance(50) ? " " : ", ";
            Put(repeated.Text);
            for (int i = 1; i < term.Count; i++) _text.Append(separator).Append(repeated.Text);
            return;
        }
        if (arranged && form >= 56 && form < 90)
        {
            // "a row of three stars"
            int start = _text.Length;
            Put(Pick(Lexicon.ArrangedOf[arrangement]).Text);
            if (!bare || Chance(50)) Determine(start);
            if (start == 0) _firstPlural = false;
            Put("of");
            Number(term.Count, simple: true, omit: 3);
            Plural(term, styled && Chance(25));
            return;
        }
        if (!bare && Chance(2))
        {
            // "star x3"
            bool singular = Chance(50);
            if (singular && !styled && term.Size == PartSize.Any) Put(Pick(Lexicon.CountNouns[shape]).Text);
            else Plural(term, styleAfter: false);
            _text.Append(Chance(50) ? " x" : " x ").Append((char)('0' + term.Count));
            if (arranged) Put(Pick(Lexicon.ArrangedAfter[arrangement]).Text);
            return;
        }
        if (arranged && !bare && Chance(3))
        {
            // "stars, three of them in a row"
            Plural(term, styleAfter: false);
            Put(",");
            Number(term.Count, simple: true, omit: 0);
            if (_text[^1] != 'f' && Chance(70)) Put("of them");
            Put(Pick(Lexicon.ArrangedAfter[arrangement]).Text);
            return;
        }
        Number(term.Count, simple: bare, omit: 0);
        if (arranged && form >= 90) Put(Pick(Lexicon.ArrangedBefore[arrangement]).Text);
        bool after = styled && Chance(20);
        Plural(term, after);
        if (arranged && form < 56)
        {
            if (after) _text.Append(',');
            Put(Pick(Lexicon.ArrangedAfter[arrangement]).Text);
        }
    }

    private void Number(int count, bool simple, int omit)
    {
        if (omit > 0 && Chance(omit)) return;
        string number = Pick(Lexicon.Numbers[count - 2]).Text;
        if (simple && number.Contains(' ', StringComparison.Ordinal)) number = Pick(Lexicon.Numbers[count - 2]).Text;
        if (number.StartsWith("a ", StringComparison.Ordinal) && _register == Register.Bare) number = number[2..];
        if (_register == Register.Definite && !simple && Chance(30) && !number.StartsWith("a ", StringComparison.Ordinal)) Put("the");
        Put(number);
    }

    private void Plural(Term term, bool styleAfter)
    {
        int shape = (int)term.Primitive;
        bool styled = term.Style != Style.Plain;
        Put(Size(term.Size));
        if (styled && !styleAfter) Put(Pick(Lexicon.StyleBefore[(int)term.Style]).Text);
        else if (!styled && Chance(2)) Put(Pick(Lexicon.StyleBefore[0]).Text);
        ref readonly Word noun = ref Pick(Lexicon.CountNouns[shape]);
        while (noun.Sized && term.Size != PartSize.Any) noun = ref Pick(Lexicon.CountNouns[shape]);
        if (noun.OneWord && !styled && term.Size == PartSize.Any && Chance(5)) Put(Pick(Lexicon.Adjectives[shape]).Text);
        if (noun.OneWord && Chance(3))
        {
            Put(noun.Text);
            ref readonly Word kind = ref Pick(Lexicon.ShapeWords);
            Put(kind.Plural ?? kind.Text + "s");
        }
        else Put(_register is Register.Sloppy && Chance(12) ? noun.Text : noun.Plural!);
        if (!styleAfter) return;
        string after = Pick(Lexicon.StyleAfter[(int)term.Style]).Text;
        Put(after.StartsWith("that is", StringComparison.Ordinal) ? "that are" + after[7..] : after);
    }

    /// <summary>The copies of <see cref="Relation.Around"/>.</summary>
    private void Copies(Term term, bool numbered)
    {
        if (!_firstKnown) (_firstKnown, _firstPlural) = (true, true);
        if (numbered)
        {
            if (term.Count > 1 && Chance(62)) Number(term.Count, simple: false, omit: 0);
            else
            {
                string many = Pick(Lexicon.Many).Text;
                if (_register == Register.Bare && many.StartsWith("a ", StringComparison.Ordinal) && many != "a few") many = many[2..];
                Put(many);
            }
        }
        if (term.Size == PartSize.Any && Chance(14)) Put(Pick(Lexicon.Small).Text);
        Plural(term, term.Style != Style.Plain && Chance(15));
    }

    // ---- the sentence around ----

    private void Wrap(bool nounPhrase)
    {
        int r = _random.Next(100);
        bool before = r < 24, after = r is >= 20 and < 31;
        if (before && (nounPhrase || Chance(50)))
        {
            ref readonly Word prefix = ref (nounPhrase ? Lexicon.Prefixes : Lexicon.SentencePrefixes).Pick(_random);
            Noise(prefix.Hash);
            string text = prefix.Text.Replace("{is}", _firstPlural ? "are" : "is", StringComparison.Ordinal).TrimEnd();
            if (_register == Register.Bare && Chance(60)) text = Dearticle(text);
            _text.Insert(0, text + " ");
        }
        if (after)
        {
            ref readonly Word suffix = ref Lexicon.Suffixes.Pick(_random);
            Noise(suffix.Hash);
            _text.Append(suffix.Text);
        }
    }

    private static string Dearticle(string text) => text.StartsWith("a ", StringComparison.Ordinal) ? text[2..]
        : text.StartsWith("an ", StringComparison.Ordinal) ? text[3..] : text.StartsWith("the ", StringComparison.Ordinal) ? text[4..] : text;

    private void Typo()
    {
        for (int attempt = 0; attempt < 8; attempt++)
        {
            int at = _random.Next(_text.Length), start = at, end = at;
            while (start > 0 && char.IsAsciiLetter(_text[start - 1])) start--;
            while (end < _text.Length && char.IsAsciiLetter(_text[end])) end++;
            if (at >= end || end - start < 5) continue;
            int i = start + 1 + _random.Next(end - start - 2);
            switch (_random.Next(3))
            {
                case 0: (_text[i], _text[i + 1]) = (_text[i + 1], _text[i]); break;
                case 1: _text.Remove(i, 1); break;
                default: _text.Insert(i, _text[i]); break;
            }
            return;
        }
    }
}
