using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>Reads one kernel: its declaration here, its functions through <see cref="GlslFunction"/>.</summary>
internal sealed class KernelReader(CSharpCompilation compilation, INamedTypeSymbol type, StructDeclarationSyntax declaration)
{
    // What Vulkan guarantees for push constants and DirectX 12 for group-shared memory (32 KiB less is lavapipe's limit too).
    private const int MaxConstantBytes = 128, MaxSharedBytes = 32 * 1024, MaxGroupThreads = 1024;

    public Kernel Read()
    {
        CheckDeclaration();
        (int x, int y, int z) group = Group();
        List<IParameterSymbol> buffers = [], scalars = [];
        foreach (IParameterSymbol parameter in PrimaryConstructor().Parameters) (IsBuffer(parameter) ? buffers : scalars).Add(parameter);
        if (12 + 4 * scalars.Count > MaxConstantBytes)
            throw new KernelError(declaration.Identifier.GetLocation(), $"{scalars.Count} constants and the 12 bytes of injected thread counts take {12 + 4 * scalars.Count} bytes; Vulkan guarantees {MaxConstantBytes}.", "fewer constants: derive some of them in the kernel.");
        SharedArray[] shared = [.. type.GetMembers().OfType<IFieldSymbol>().Where(f => !f.IsImplicitlyDeclared && !f.IsConst).Select(Shared)];
        if (shared.Sum(s => s.Bytes) > MaxSharedBytes)
            throw new KernelError(declaration.Identifier.GetLocation(), $"Group-shared memory of {shared.Sum(s => s.Bytes)} bytes; every device has {MaxSharedBytes}, few have more.", "smaller tiles.");

        KernelUse use = new(compilation, type);
        IMethodSymbol execute = type.GetMembers("Execute").OfType<IMethodSymbol>().Single();
        string body = new GlslFunction(use, execute, isEntryPoint: true).Body();
        // A function may call others, which are then found while it is translated.
        List<(string Signature, string Body)> functions = [];
        for (int i = 0; i < use.Functions.Count; i++)
        {
            GlslFunction function = new(use, use.Functions[i], isEntryPoint: false);
            functions.Add((function.Signature(), function.Body()));
        }
        BarrierRule.Check(compilation, (MethodDeclarationSyntax)execute.DeclaringSyntaxReferences[0].GetSyntax());

        KernelBinding[] bindings = [.. buffers.Select(b => new KernelBinding(b.Name, GlslTypes.NameOf(ElementOf(b)), use.AccessTo(b) ?? throw Unused(b)))];
        KernelConstant[] constants = [.. scalars.Select(s => new KernelConstant(s.Name, GlslTypes.NameOf(s.Type)))];
        string glsl = Module(group, bindings, constants, shared, functions, body);
        return new Kernel(type.Name, group, bindings, constants, shared, glsl, use.Sources, declaration);
    }

    private void CheckDeclaration()
    {
        string[] attributes = [.. type.GetAttributes().Select(a => a.AttributeClass!.Name)];
        if (!attributes.Contains("GeneratedComputeShaderDescriptorAttribute"))
            throw new KernelError(declaration.Identifier.GetLocation(), "ComputeSharp compiles only what asks for it.", "[GeneratedComputeShaderDescriptor] above the struct.");
        if (!type.IsReadOnly || !declaration.Modifiers.Any(SyntaxKind.PartialKeyword))
            throw new KernelError(declaration.Identifier.GetLocation(), "ComputeSharp adds its part to the struct and wants it immutable.", "a readonly partial struct.");
        if (declaration.ParameterList is null)
            throw new KernelError(declaration.Identifier.GetLocation(), "The kernel has no primary constructor.", "buffers and constants as the struct's constructor parameters.");
        if (type.ContainingType is not null)
            throw new KernelError(declaration.Identifier.GetLocation(), "A nested kernel.", "a struct in its namespace.");
        foreach (MemberDeclarationSyntax member in declaration.Members)
            if (member is not (MethodDeclarationSyntax or FieldDeclarationSyntax))
                throw new KernelError(member.GetLocation(), "A kernel has methods, constants and group-shared arrays only.", "a method.");
    }

    private IMethodSymbol PrimaryConstructor() =>
        type.InstanceConstructors.Single(c => c.DeclaringSyntaxReferences.Any(r => r.GetSyntax() == declaration));

    private (int X, int Y, int Z) Group()
    {
        AttributeData? attribute = type.GetAttributes().FirstOrDefault(a => a.AttributeClass!.Name == "ThreadGroupSizeAttribute");
        if (attribute is null || attribute.ConstructorArguments.Length != 3)
            throw new KernelError(declaration.Identifier.GetLocation(), "The size of the thread group is not given.", "[ThreadGroupSize(x, y, z)] above the struct.");
        int[] sizes = [.. attribute.ConstructorArguments.Select(a => (int)a.Value!)];
        int threads = sizes[0] * sizes[1] * sizes[2];
        if (sizes.Any(s => s < 1) || threads > MaxGroupThreads)
            throw new KernelError(declaration.Identifier.GetLocation(), $"A group of {threads} threads.", $"1 to {MaxGroupThreads} threads; 256 is a good choice.");
        return (sizes[0], sizes[1], sizes[2]);
    }

    private static bool IsBuffer(IParameterSymbol parameter)
    {
        Location place = parameter.Locations[0];
        if (parameter.Type is INamedTypeSymbol { Name: "ReadWriteBuffer" } buffer)
        {
            if (buffer.TypeArguments[0].SpecialType is not (SpecialType.System_Single or SpecialType.System_Int32 or SpecialType.System_UInt32))
                throw new KernelError(place, $"A buffer of {buffer.TypeArguments[0].Name}: a buffer has one scalar element type everywhere, because ComputeSharp gives no second view of its memory.", "ReadWriteBuffer<float>, <int> or <uint>; vectorise through group-shared Float4 arrays.");
            return true;
        }
        if (parameter.Type.SpecialType is not (SpecialType.System_Single or SpecialType.System_Int32 or SpecialType.System_UInt32))
            throw new KernelError(place, $"A constant of type {parameter.Type.Name}.", "float, int or uint.");
        return false;
    }

    private static ITypeSymbol ElementOf(IParameterSymbol buffer) => ((INamedTypeSymbol)buffer.Type).TypeArguments[0];

    private static SharedArray Shared(IFieldSymbol field)
    {
        AttributeData? attribute = field.GetAttributes().FirstOrDefault(a => a.AttributeClass!.Name == "GroupSharedAttribute");
        if (attribute is null || !field.IsStatic || !field.IsReadOnly || field.Type is not IArrayTypeSymbol array)
            throw new KernelError(field.Locations[0], "A field of a kernel is a constant or a group-shared array.", "[GroupShared(n)] private static readonly float[] tile = null!;");
        return new SharedArray(field.Name, GlslTypes.NameOf(array.ElementType, field.Locations[0]), (int)attribute.ConstructorArguments[0].Value!);
    }

    private KernelError Unused(IParameterSymbol buffer) =>
        new(buffer.Locations[0], $"The buffer '{buffer.Name}' is never touched.", "a kernel without it.");

    private static string Module(
        (int X, int Y, int Z) group, KernelBinding[] bindings, KernelConstant[] constants, SharedArray[] shared,
        List<(string Signature, string Body)> functions, string body)
    {
        StringBuilder glsl = new();
        glsl.Append("#version 450\n");
        glsl.Append($"layout(local_size_x = {group.X}, local_size_y = {group.Y}, local_size_z = {group.Z}) in;\n\n");
        glsl.Append("layout(push_constant, std430) uniform Constants\n{\n    uint boundX;\n    uint boundY;\n    uint boundZ;\n");
        foreach (KernelConstant constant in constants) glsl.Append($"    {constant.Type} {GlslTypes.Identifier(constant.Name)};\n");
        glsl.Append("};\n");
        for (int i = 0; i < bindings.Length; i++)
            glsl.Append($"layout(set = 0, binding = {i}, std430) buffer Binding{i} {{ {bindings[i].Type} {GlslTypes.Identifier(bindings[i].Name)}[]; }};\n");
        foreach (SharedArray array in shared) glsl.Append($"shared {GlslTypes.Glsl(array.Type)} {GlslTypes.Identifier(array.Name)}[{array.Length}];\n");
        glsl.Append("\n// C#'s remainder, which takes the sign of the dividend; GLSL leaves it open.\n");
        glsl.Append("int remainder(int a, int b) { return a - a / b * b; }\n");
        foreach ((string signature, _) in functions) glsl.Append('\n').Append(signature).Append(";\n");
        foreach ((string signature, string function) in functions) glsl.Append('\n').Append(signature).Append('\n').Append(function);
        // ComputeSharp wraps the whole body so, barriers included; the Vulkan device must not be kinder.
        glsl.Append("\nvoid main()\n{\n    if (gl_GlobalInvocationID.x < boundX && gl_GlobalInvocationID.y < boundY && gl_GlobalInvocationID.z < boundZ)\n");
        foreach (string line in body.Split('\n', StringSplitOptions.RemoveEmptyEntries)) glsl.Append("    ").Append(line).Append('\n');
        glsl.Append("}\n");
        return glsl.ToString();
    }
}
