namespace ComputeSharp;

/// <summary>Four floats, computed with component by component.</summary>
public struct Float4
{
    /// <summary>Four floats.</summary>
    public Float4(float x, float y, float z, float w) => (X, Y, Z, W) = (x, y, z, w);

    /// <summary>The first component.</summary>
    public float X { readonly get; set; }

    /// <summary>The second component.</summary>
    public float Y { readonly get; set; }

    /// <summary>The third component.</summary>
    public float Z { readonly get; set; }

    /// <summary>The fourth component.</summary>
    public float W { readonly get; set; }

    /// <summary>Component 0 to 3.</summary>
    public ref float this[int i] => throw Kernel.RunsOnTheGpu();

    /// <summary>The same float four times.</summary>
    public static implicit operator Float4(float x) => new(x, x, x, x);

    /// <summary>Sum by component.</summary>
    public static Float4 operator +(Float4 left, Float4 right) => throw Kernel.RunsOnTheGpu();

    /// <summary>Difference by component.</summary>
    public static Float4 operator -(Float4 left, Float4 right) => throw Kernel.RunsOnTheGpu();

    /// <summary>The negated components.</summary>
    public static Float4 operator -(Float4 value) => throw Kernel.RunsOnTheGpu();

    /// <summary>Product by component.</summary>
    public static Float4 operator *(Float4 left, Float4 right) => throw Kernel.RunsOnTheGpu();

    /// <summary>Each component times a float.</summary>
    public static Float4 operator *(Float4 left, float right) => throw Kernel.RunsOnTheGpu();

    /// <summary>Each component times a float.</summary>
    public static Float4 operator *(float left, Float4 right) => throw Kernel.RunsOnTheGpu();

    /// <summary>Quotient by component.</summary>
    public static Float4 operator /(Float4 left, Float4 right) => throw Kernel.RunsOnTheGpu();
}
