using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace OnDeviceLearning.Tests.House;

/// <summary>The public and protected members of an assembly as text: one line a type, one indented line a member.</summary>
internal static class PublicApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    public static string Of(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach ((_, string line) in Members(type).OrderBy(m => m.Name, StringComparer.Ordinal).ThenBy(m => m.Line, StringComparer.Ordinal))
                text.Append("    ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static string Header(Type type)
    {
        string name = $"{type.Namespace}.{Name(type)}";
        if (type.IsEnum) return $"enum {name}";
        if (typeof(Delegate).IsAssignableFrom(type)) return $"delegate {Method(type.GetMethod("Invoke")!, name)}";
        bool isRecord = type.GetMethod("PrintMembers", Declared) is not null;
        string modifiers = (type.IsAbstract, type.IsSealed, type.IsValueType, type.IsInterface) switch
        {
            (_, _, _, true) => "",
            (_, _, true, _) => (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (type.IsByRefLike ? "ref " : ""),
            (true, true, _, _) => "static ",
            (true, false, _, _) => "abstract ",
            (false, true, _, _) => "sealed ",
            _ => "",
        };
        string kind = type.IsInterface ? "interface" : (isRecord ? "record " : "") + (type.IsValueType ? "struct" : "class");
        IEnumerable<Type> bases = type.GetInterfaces()
            .Except(type.BaseType?.GetInterfaces() ?? [])
            .Where(i => !(isRecord && i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEquatable<>)))
            .OrderBy(Name, StringComparer.Ordinal);
        if (type.BaseType is Type parent && parent != typeof(object) && parent != typeof(ValueType)) bases = bases.Prepend(parent);
        string list = string.Join(", ", bases.Select(Name));
        return $"{modifiers}{kind} {name}{(list.Length > 0 ? " : " + list : "")}";
    }

    private static IEnumerable<(string Name, string Line)> Members(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type)) yield break;
        foreach (MemberInfo member in type.GetMembers(Declared))
        {
            // What the compiler writes for a record follows from its header and its properties.
            if (member.IsDefined(typeof(CompilerGeneratedAttribute))) continue;
            string? line = member switch
            {
                FieldInfo field when IsVisible(field) => Field(type, field),
                PropertyInfo property when property.GetAccessors(nonPublic: true).Any(IsVisible) => Property(property),
                EventInfo { AddMethod: { } add } e when IsVisible(add) => $"{Modifiers(add)}event {Name(e.EventHandlerType!)} {e.Name}",
                ConstructorInfo constructor when IsVisible(constructor) && !constructor.IsStatic => $"{Modifiers(constructor)}{type.Name}({Parameters(constructor)})",
                MethodInfo method when IsVisible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) => Method(method, method.Name),
                _ => null,
            };
            if (line is not null) yield return (member.Name, line);
        }
    }

    private static string? Field(Type type, FieldInfo field)
    {
        if (type.IsEnum) return field.IsStatic ? $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}" : null;
        string modifiers = (field.IsPublic ? "" : "protected ") + (field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : ""));
        return $"{modifiers}{Name(Nullability.Create(field))} {field.Name}{(field.IsLiteral ? " = " + Literal(field.GetRawConstantValue()) : "")}";
    }

    private static string Property(PropertyInfo property)
    {
        MethodInfo? get = property.GetMethod is { } g && IsVisible(g) ? g : null, set = property.SetMethod is { } s && IsVisible(s) ? s : null;
        MethodInfo widest = get is null || set is { IsPublic: true } && !get.IsPublic ? set! : get;
        string Accessor(MethodInfo? accessor, string word) => accessor is null ? "" : $" {(widest.IsPublic && !accessor.IsPublic ? "protected " : "")}{word};";
        bool isInit = set?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length > 0 ? $"this[{string.Join(", ", index.Select(Parameter))}]" : property.Name;
        return $"{Modifiers(widest)}{required}{Name(Nullability.Create(property))} {name} {{{Accessor(get, "get")}{Accessor(set, isInit ? "init" : "set")} }}";
    }

    private static string Method(MethodInfo method, string name)
    {
        string generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
        return $"{Modifiers(method)}{Name(Nullability.Create(method.ReturnParameter))} {name}{generic}({Parameters(method)})";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string passing = parameter.IsOut ? "out " : parameter.IsDefined(typeof(IsReadOnlyAttribute)) && parameter.ParameterType.IsByRef ? "in "
            : parameter.ParameterType.IsByRef ? "ref "
            : parameter.CustomAttributes.Any(a => a.AttributeType.Name is "ParamArrayAttribute" or "ParamCollectionAttribute") ? "params " : "";
        string type = Name(Nullability.Create(parameter)).Replace("&", "");
        return $"{passing}{type} {parameter.Name}{(parameter.HasDefaultValue ? " = " + Literal(parameter.RawDefaultValue) : "")}";
    }

    private static string Modifiers(MethodBase method)
    {
        if (method.DeclaringType!.IsInterface) return method.IsStatic ? "static " : "";
        string access = method.IsPublic ? "" : "protected ";
        if (method.IsStatic) return access + "static ";
        if (!method.IsVirtual || method.IsFinal && method is MethodInfo info && info.GetBaseDefinition() == info) return access;
        bool isOverride = method is MethodInfo overriding && overriding.GetBaseDefinition() != overriding;
        return access + (method.IsAbstract ? "abstract " : "") + (isOverride ? (method.IsFinal ? "sealed override " : "override ") : method.IsAbstract ? "" : "virtual ");
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsVisible(FieldInfo field) => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly;

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string s => $"\"{s}\"",
        bool b => b ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string Name(NullabilityInfo info)
    {
        Type type = info.Type;
        bool isNullable = info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable;
        string mark = isNullable && !type.IsValueType ? "?" : "";
        if (info.ElementType is { } element && type.IsArray) return $"{Name(element)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        if (!type.IsGenericType || type.IsByRef || Nullable.GetUnderlyingType(type) is not null || type.FullName!.StartsWith("System.ValueTuple", StringComparison.Ordinal))
            return Name(type) + mark;
        return $"{Bare(type)}<{string.Join(", ", info.GenericTypeArguments.Select(Name))}>{mark}";
    }

    private static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!) + "&";
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsPointer) return Name(type.GetElementType()!) + "*";
        if (Nullable.GetUnderlyingType(type) is Type underlying) return Name(underlying) + "?";
        if (type.IsGenericType && type.FullName?.StartsWith("System.ValueTuple", StringComparison.Ordinal) == true)
            return $"({string.Join(", ", type.GetGenericArguments().Select(Name))})";
        if (type.IsGenericType) return $"{Bare(type)}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
        return Bare(type);
    }

    private static string Bare(Type type)
    {
        if (type.IsGenericParameter) return type.Name;
        string? keyword = type.FullName switch
        {
            "System.Void" => "void",
            "System.Boolean" => "bool",
            "System.Byte" => "byte",
            "System.Int32" => "int",
            "System.UInt32" => "uint",
            "System.Int64" => "long",
            "System.UInt64" => "ulong",
            "System.Single" => "float",
            "System.Double" => "double",
            "System.String" => "string",
            "System.Object" => "object",
            _ => null,
        };
        int arity = type.Name.IndexOf('`');
        string own = keyword ?? (arity < 0 ? type.Name : type.Name[..arity]);
        return type.IsNested ? $"{Bare(type.DeclaringType!)}.{own}" : own;
    }
}
