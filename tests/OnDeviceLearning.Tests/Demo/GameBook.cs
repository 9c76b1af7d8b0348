using System.Numerics;
using OnDeviceLearning.Demo;
using OnDeviceLearning.Sigils;
using OnDeviceLearning.Tests.House;

namespace OnDeviceLearning.Tests.Demo;

/// <summary>What tests of the game begin with.</summary>
internal static class GameBook
{
    public static string Backbone { get; } = RepositoryFiles.PathOf("src/OnDeviceLearning.Sigils/Weights/sigils.safetensors");

    public static Spellbook Open(ulong seed = 1) => new(Backbone, GameDevice.Cpu, seed);

    public static Game NewGame(SaveFolder? saves = null, int seed = 1) => new(Open(), saves, seed);

    /// <summary>A sigil by a careful hand.</summary>
    public static Drawing Sigil(int spell, int seed = 1) =>
        SigilArtist.Draw(SpellSets.First[spell].Sigil, HandStyle.Careful(new Random(seed)), new Random(seed));

    /// <summary>Draws into the game by pen.</summary>
    public static void Draw(Game game, Drawing drawing, Vector2 centre, float size)
    {
        (Vector2 low, Vector2 high) = GlyphCache.BoundsOf(drawing);
        float scale = size / MathF.Max(high.X - low.X, high.Y - low.Y);
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes)
        {
            game.PenDown(Place(stroke[0]));
            foreach (Vector2 point in stroke) game.PenMove(Place(point));
            game.PenUp();
        }

        Vector2 Place(Vector2 p) => centre + scale * (p - 0.5f * (low + high));
    }

    public static void Press(Game game, params GameKey[] keys)
    {
        foreach (GameKey key in keys)
        {
            game.KeyDown(key);
            game.KeyUp(key);
        }
    }

    public static void Tick(Game game, int ticks)
    {
        for (int t = 0; t < ticks; t++) game.Tick();
    }

    /// <summary>A folder of its own, gone afterwards.</summary>
    public sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("sigils").FullName;

        public SaveFolder Saves => new(Path);

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
