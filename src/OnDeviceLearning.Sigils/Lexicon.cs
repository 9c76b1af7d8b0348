namespace OnDeviceLearning.Sigils;

/// <summary>The words of the description grammar.</summary>
internal static partial class Lexicon
{
    /// <summary>Nouns by <see cref="Primitive"/>; the second takes only those that may be counted and qualified.</summary>
    internal static readonly WordList[] Nouns = new WordList[LexiconShapes.All.Length], CountNouns = new WordList[LexiconShapes.All.Length], Adjectives = new WordList[LexiconShapes.All.Length];

    private static readonly string[] PhraseBreaks = ["of", "on", "with", "in", "like", "that", "to", "at", "for", "going", "pointing", "coiled", "standing", "rotated", "turned", "lying"];

    static Lexicon()
    {
        foreach ((Primitive shape, string nouns, string adjectives) in LexiconShapes.All)
        {
            var words = WordList.ParseNouns(nouns);
            Nouns[(int)shape] = words;
            CountNouns[(int)shape] = words.Countable();
            Adjectives[(int)shape] = WordList.Parse(adjectives);
        }
    }

    /// <summary>Adjectives before the noun, by <see cref="Style"/>.</summary>
    internal static readonly WordList[] StyleBefore =
    [
        WordList.Parse("plain:8, simple:8, normal:4, regular:3, ordinary:2, basic:3, single-lined:1, standard:2, clean:1, usual:1, neat:1, bare:1, classic:1, simple plain:1"),
        WordList.Parse("dashed:30, dotted:20, broken:8, interrupted:3, perforated:2, stippled:2, broken-up:2, broken up:1, dash-line:1, dotted-line:1, dashed-line:1, dashed line:1, gappy:2, stitched:2, segmented:2, half-drawn:0, broken-line:1, intermittent:1, fragmented:1, see-through:0, dashy:1, pointillist:0, discontinuous:1, patchy:1, punctuated:0, not solid:1, incomplete:1, cut up:1, chopped up:1, dot-dash:1, stitchy:1, morse code:1"),
        WordList.Parse("double:26, doubled:14, two-lined:2, twice outlined:1, double-walled:2, concentric:2, double-lined:5, double lined:3, double-outlined:3, double outlined:2, double-edged:1, two-line:1, double-bordered:2, double-stroked:1, double-line:2, double line:1, twofold:1, two-layered:2, layered:1, twice drawn:2, thick double:0, echoed:1, duplicate:0, nested double:1, doubly drawn:1, double-rimmed:1, repeated:1, dbl:1, two-walled:1, double drawn:2, duplicated:1"),
        WordList.Parse("filled:20, solid:16, black:12, shaded:8, coloured-in:3, colored-in:3, coloured in:2, colored in:3, inked:2, filled-in:7, filled in:5, hatched:5, dark:6, painted:3, scribbled-in:1, full:4, blackened:2, blacked-out:1, coloured:2, colored:2, solid black:3, opaque:1, shaded-in:2, shaded in:1, inky:1, thick black:0, pitch black:1, cross-hatched:1, crosshatched:1, blacked out:1, massive:1, silhouetted:1, inked-in:1, darkened:2, scribbled:1, heavy:1, black filled:1, bold:1, shadowy:1"),
    ];

    /// <summary>Phrases after the noun, by <see cref="Style"/>.</summary>
    internal static readonly WordList[] StyleAfter =
    [
        WordList.Parse("without anything special:1, with a plain outline:2, with a single outline:2, drawn normally:1, with a normal line:1, with nothing special:1"),
        WordList.Parse("made of dashes:6, with gaps:4, with a dashed outline:5, with a dotted outline:4, drawn in little dashes:2, made of little lines:2, made of dots:2, in dashes:2, drawn with a dashed line:3, drawn with a broken line:2, with a broken outline:3, with a dashed line:2, in dotted lines:3, in dashed lines:3, with an interrupted outline:1, with dashed lines:3, with broken lines:2, that is dashed:1, with gaps in the outline:2, with holes in the line:1, made from short strokes:2, made of short lines:2, with dashed edges:1, with a dotted line:2, in broken strokes:1, of dashes:1, cut into dashes:1, like stitches:1, with dotted edges:1, drawn in bits:1, in morse code style:1, with a perforated edge:1, made of small dashes:2, with gaps in it:1, drawn as a dotted line:1, like a cut-out coupon:1"),
        WordList.Parse("with a double outline:6, with double lines:4, with a double line:4, drawn twice:4, with two outlines:3, with another one just inside:3, with a double border:3, with a thick double border:1, with a second outline:3, with two lines:2, with an inner outline:2, outlined twice:3, drawn with double lines:2, in double lines:2, with doubled lines:2, with double edges:1, with an inner copy:1, with the same again inside:1, with a parallel outline:1, with twin outlines:1, with a double edge:2, with double walls:1, in two layers:1, traced twice:2, with an echo inside:1, with an extra outline:2, drawn double:2, with the outline doubled:1, with a second line inside:2, with a border inside:1, with a line running along inside:1"),
        WordList.Parse("filled in:5, filled with black:3, coloured in:3, colored in:3, painted full:1, scribbled in:1, that is filled:2, all black:3, in solid black:3, filled with lines:1, with hatching:1, in black:3, shaded in:3, painted black:3, with a filled inside:1, filled with ink:2, completely filled:2, all filled in:2, that is coloured in:1, that is colored in:1, fully coloured:1, inked in:1, blacked out:1, filled with shading:1, with shading:2, filled up:2, not hollow:1, in full black:1, with stripes inside:1, with diagonal lines filling it:1, with black inside:1, coloured black:1, that is solid:1, that is all dark:1, with the inside filled:1, scribbled full:1, as a silhouette:1"),
    ];

    /// <summary>For single plain shapes that hold nothing.</summary>
    internal static readonly WordList EmptyWords = WordList.Parse("empty:6, hollow:5, unfilled:3, open:1, outlined:2, blank:2, see-through:1, not filled:1, transparent:1, outline-only:1, bare:1");

    /// <summary>Adjectives for small and large parts.</summary>
    internal static readonly WordList Small = WordList.Parse("small:40, little:26, tiny:20, mini:6, wee:2, miniature:2, teeny:2, teensy:1, smallish:2, petite:1, itty bitty:1, minuscule:1, teeny tiny:1, minute:0, lil:2, baby:2, puny:1, short:1, smol:1, tiny little:2, very small:3, really small:2, tiny tiny:1, compact:1, pocket-sized:1, slight:1, modest:1, mini-sized:1, microscopic:1, quite small:1, dinky:1"),
        Large = WordList.Parse("big:40, large:30, huge:14, giant:8, great:4, massive:3, enormous:3, gigantic:3, oversized:2, great big:3, biggish:1, largish:1, bigger than normal:0, mighty:1, very big:3, really big:3, hefty:1, colossal:1, jumbo:1, vast:1, sizeable:1, tall:1, very large:2, mega:1, immense:1, humongous:1, ginormous:1, xl:1, big big:1, king-size:1, super big:1, monumental:1, towering:1, grand:1"),
        Smaller = WordList.Parse("smaller:10, much smaller:4, littler:1, tinier:1, way smaller:1, far smaller:1"),
        Larger = WordList.Parse("bigger:10, larger:8, much bigger:4, much larger:2, way bigger:2, far bigger:1");

    /// <summary>Words for the numbers from two to eight.</summary>
    internal static readonly WordList[] Numbers =
    [
        WordList.Parse("two:30, 2:16, 2x:1, a pair of:8, a couple of:6, twin:3, a duo of:1, couple of:1, pair of:1, both:0, two identical:1, two of the same:0, two equal:1, two matching:1"),
        WordList.Parse("three:30, 3:16, 3x:1, a trio of:5, triple:1, a set of three:2, three identical:1, a triplet of:1, a threesome of:0, a triad of:1, trio of:1, three equal:1"),
        WordList.Parse("four:30, 4:16, 4x:1, a quartet of:2, a set of four:2, a foursome of:1, four equal:1, four identical:1"),
        WordList.Parse("five:30, 5:16, 5x:1, a handful of:2, a set of five:2, a quintet of:1, five equal:1"),
        WordList.Parse("six:30, 6:16, 6x:1, half a dozen:4, a half dozen:2, a set of six:1, six equal:1, half dozen:1"),
        WordList.Parse("seven:30, 7:16, 7x:1, a set of seven:1, all seven:0"),
        WordList.Parse("eight:30, 8:16, 8x:1, a set of eight:1, an octet of:1"),
    ];

    /// <summary>Used for the copies of <see cref="Relation.Around"/> where the number is not said.</summary>
    internal static readonly WordList Many = WordList.Parse(":60, many:6, several:6, lots of:6, some:6, a bunch of:5, a few:4, a lot of:3, multiple:3, a number of:2, loads of:2, various:1, a crowd of:1, numerous:1, a swarm of:1, a load of:1, bunch of:1, plenty of:1, countless:1");

    /// <summary>Arrangements after the counted noun, by <see cref="Arrangement"/>.</summary>
    internal static readonly WordList[] ArrangedAfter =
    [
        WordList.Parse(":1"),
        WordList.Parse("in a row:24, side by side:14, next to each other:10, lined up:6, in a line:8, abreast:1, horizontally:2, beside each other:3, in one row:3, next to one another:3, all in a row:3, lined up side by side:1, from left to right:2, shoulder to shoulder:1, in a horizontal line:2, in a horizontal row:2, standing in a row:2, standing side by side:1, one beside the other:1, one after another:2, one next to the other:2, along a line:1, left to right:1, in line:1, lined up horizontally:1, hand in hand:1, in a queue:1, arranged in a row:2, one after the other:1, in row:2, all lined up:1, in a straight row:1"),
        WordList.Parse("on top of each other:14, in a column:10, stacked:12, one above another:3, one above the other:6, piled up:4, vertically:3, in a tower:4, in a stack:6, stacked up:4, stacked vertically:3, on top of one another:3, in a vertical line:2, in a vertical row:2, stacked on top of each other:5, above each other:4, one on top of the other:4, stacked on each other:1, from top to bottom:2, in a pile:3, arranged in a column:1, one over the other:1, one under the other:2, below each other:2, underneath each other:1, under each other:2, like a totem pole:1, like a tower:2, top to bottom:1, piled on each other:1, over each other:1, in column:1, on each other:1, in a totem:1"),
        WordList.Parse("in a cluster:8, in a group:8, grouped together:5, huddled:2, bunched:1, in a triangle:2, scattered:3, arranged in a clump:1, clustered:3, clustered together:3, huddled together:2, bunched up:2, bunched together:2, all together:2, close together:4, in a clump:1, in a bunch:3, in a heap:2, in a pile:1, thrown together:1, grouped:2, in a huddle:1, packed together:2, crowded together:1, gathered together:1, gathered:1, close to each other:2, in a little group:2, strewn about:1, in a loose group:1, heaped together:1, in a flock:1, in a swarm:1, in a crowd:1, like a bouquet:1, like a bunch of grapes:1, jumbled together:1, together in a bunch:1, sprinkled about:1, here and there:1, in a knot:0, crowding together:1"),
    ];

    /// <summary>Arrangements as adjectives before the counted noun.</summary>
    internal static readonly WordList[] ArrangedBefore =
    [
        WordList.Parse(":1"),
        WordList.Parse("side-by-side:3, lined-up:2, adjacent:3, neighbouring:2, neighboring:1, aligned:2, horizontal:1, adjoining:1"),
        WordList.Parse("stacked:12, piled-up:2, stacked-up:1, piled:1"),
        WordList.Parse("clustered:4, grouped:3, bunched:1, scattered:3, huddled:1, clumped:1, huddling:1, crowded:1"),
    ];

    /// <summary>Arrangements as collective nouns before "of three stars".</summary>
    internal static readonly WordList[] ArrangedOf =
    [
        WordList.Parse("set:1"),
        WordList.Parse("row:20, line:4, horizontal row:3, series:2, string:2, chain:2, sequence:1, queue:1, procession:1, rank:1, parade:1, line-up:1"),
        WordList.Parse("stack:16, column:12, tower:8, pile:5, vertical row:3, vertical line:1, totem:1, totem pole:1, pillar:1, ladder:1"),
        WordList.Parse("cluster:12, group:14, bunch:8, clump:3, huddle:1, constellation:2, gathering:1, heap:2, bundle:2, knot:1, small group:2, pack:1, flock:1, crowd:1, bouquet:1, scatter:1, herd:1, scattering:1, swarm:1, clutch:1"),
    ];

    /// <summary>Between article and noun.</summary>
    internal static readonly WordList Hedges = WordList.Parse("kind of:6, sort of:5, type of:1, form of:1, version of:1");

    /// <summary>After a one-word noun.</summary>
    internal static readonly WordList ShapeWords = WordList.Parse("shape:12, symbol:7, sign:6, thing:2, figure:2, icon:3, glyph:1, form:1, drawing:1, mark:1, rune:1, emoji:1, doodle:1, sketch/sketches:1, logo:1");

    /// <summary>Before a whole noun phrase; {is} agrees with it.</summary>
    internal static readonly WordList Prefixes = WordList.Parse(
        "draw:8|it is:4|it's:4|its:3|looks like:6|it looks like:4|a picture of:4|picture of:2|the sign of:2|my sigil\\: :3|there {is}:8|there's:4|i see:5|i can see:2|make:4|this is:4|kind of:2|a rune with:2|a sigil with:2|a symbol with:2|a sign with:1|a symbol showing:1|a drawing of:3|drawing of:1|it shows:2|shows:1|just:4|basically:3|basically just:1|i think it is:2|i think its:1|i want:2|give me:2|i drew:3|please draw:2|please make:1|could you draw:1|can you draw:1|can you make:1|try:1|the one with:3|that one with:2|one with:1|we have:1|you see:2|imagine:1|picture:1|think of:1|something like:3|some kind of:1|sort of like:1|maybe:2|the spell of:1|rune\\: :1|sigil\\: :1|symbol\\: :1|spell\\: :1|seems like:1|it's like:2|it's basically:1|it's just:2|like:3|so:1|ok so:1|ok:1|well,:1|um,:1|uh:1|hmm,:1|here {is}:1|behold,:1|it has:2|has:1|contains:1|consists of:1|it consists of:1|it is made of:1|made of:1|i mean:1|sketch:1|paint:1|scribble:1|a doodle of:1|carve:1|engrave:1|trace:1|cast:1|summon:1|inscribe:1|a seal with:1|an emblem with:1|an emblem of:1|emblem of:1|a sketch of:1|an image of:1|image of:1|an icon of:1|a glyph of:1|a glyph with:1|the symbol for:0|the one that looks like:2|resembles:1|shaped like:1|show me:1|i would like:1|i'd like:1|i'd say:1|i would say:1|could be:1|might be:1|must be:1|probably:1|definitely:1|pls draw:1|plz draw:1|lets do:1|let's draw:1|now:1|next:1|only:1|literally:2|literally just:1|simply:1|that's:2|thats:2|this one is:1|the rune is:1|the sigil is:1|my rune is:1|my sigil is:2|the symbol is:1|the spell is:1|the drawing is:1|the picture shows:1|on it {is}:1|you draw:1|you need:1|i choose:1|find:1|get me:1|where is:0|aha,:1|ah yes,:1|obviously:1|apparently:1", '|');

    /// <summary>Before a whole sentence.</summary>
    internal static readonly WordList SentencePrefixes = WordList.Parse(
        "ok:2|ok so:2|so:3|my sigil\\: :2|basically:3|well,:1|um,:1|rune\\: :1|sigil\\: :1|here:1|now:1|in this one:2|in my sigil:1|in this rune:1|i think:2|like:1|hmm,:1|on this one:1|in the picture:2|imagine:1|right,:1|alright,:1|look,:1|in it:0|in the drawing:1|for this one:1|in my drawing:1|let's say:1|yeah:1|you see how:1|obviously:1", '|');

    /// <summary>After everything.</summary>
    internal static readonly WordList Suffixes = WordList.Parse(
        " please:8|, please:3|, obviously:2| obviously:1| thing:1|, that's it:4| that's it:2|, thats it:2|, thats all:1|, that's all:2| i think:3|, i think:2|, i guess:3| i guess:2| or something:3| or so:1| pls:3| plz:2| thanks:1|, nothing else:2| lol:2|!:4|?:2|...:1|, maybe:1| kinda:2|, kind of:1|, sort of:1| sort of:1|, basically:2| basically:1| :0|, like that:1| like that:1|, simple:1|, easy:1| i believe:1| or whatever:1|, you know:1|, more or less:1| more or less:1|, right?:1|, ok?:1| again:1| for me:1|, just that:1| only:1|, done:1| haha:1|, it seems:1| or something like that:1|, i suppose:1| probably:1|, no more:1| :0| :)/ :)s:1| xd:1| tho:1| this time:1| and that's it:2| and nothing else:2|, the end:1|, as simple as that:1| symbol:1| rune:1| sigil:1", '|');
}
