using OnDeviceLearning.Gpu;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>
/// The descriptor sets of a program, one for each combination of layout and buffers. Whole blocks are bound, as DirectX 12
/// has it; under validation each binding is narrowed to what the dispatch touches, so that the layer's hazard checks see
/// operands instead of blocks, and elements outside them are out of reach.
/// </summary>
internal sealed unsafe class VulkanDescriptors
{
    private readonly record struct Binding(GpuBlock Block, int From, int Length);

    private readonly VulkanDevice device;
    private readonly int[] setOf;      // of each dispatch, index into sets
    private readonly int[][] bases;    // of each dispatch, elements at which its bindings start
    private readonly List<Binding[]> distinct = [];
    private readonly List<DescriptorSetLayout> layouts = [];
    private DescriptorSet[] sets = [];
    private DescriptorPool pool;

    public VulkanDescriptors(VulkanDevice device, IReadOnlyList<GpuDispatch> dispatches)
    {
        this.device = device;
        setOf = new int[dispatches.Count];
        bases = new int[dispatches.Count][];
        var known = new Dictionary<string, int>();
        for (int d = 0; d < dispatches.Count; d++)
        {
            var bindings = new Binding[dispatches[d].Arguments.Length];
            for (int b = 0; b < bindings.Length; b++) bindings[b] = Bind(dispatches[d].Arguments[b]);
            bases[d] = Array.ConvertAll(bindings, b => b.From);
            string key = string.Join(';', bindings.Select(b => $"{((VulkanBlock)b.Block).Buffer.Handle},{b.From},{b.Length}"));
            if (!known.TryGetValue(key, out setOf[d]))
            {
                known.Add(key, setOf[d] = distinct.Count);
                distinct.Add(bindings);
                layouts.Add(device.Pipelines[dispatches[d].Kernel].SetLayout);
            }
        }
    }

    public DescriptorSet SetOf(int dispatch) => sets[setOf[dispatch]];

    /// <summary>The elements at which a dispatch's bindings start.</summary>
    public ReadOnlySpan<int> BasesOf(int dispatch) => bases[dispatch];

    public void Create()
    {
        if (distinct.Count == 0) return;
        VulkanApi api = device.Api;
        DescriptorPoolSize size = new() { Type = DescriptorType.StorageBuffer, DescriptorCount = (uint)distinct.Sum(b => b.Length) };
        DescriptorPoolCreateInfo info = new() { SType = StructureType.DescriptorPoolCreateInfo, MaxSets = (uint)distinct.Count, PoolSizeCount = 1, PPoolSizes = &size };
        DescriptorPool created;
        api.Check(api.Vk.CreateDescriptorPool(device.Handle, &info, null, &created), "vkCreateDescriptorPool");
        pool = created;
        sets = new DescriptorSet[distinct.Count];
        for (int i = 0; i < sets.Length; i++)
        {
            DescriptorSetLayout layout = layouts[i];
            DescriptorSetAllocateInfo allocate = new() { SType = StructureType.DescriptorSetAllocateInfo, DescriptorPool = pool, DescriptorSetCount = 1, PSetLayouts = &layout };
            DescriptorSet set;
            api.Check(api.Vk.AllocateDescriptorSets(device.Handle, &allocate, &set), "vkAllocateDescriptorSets");
            Write(sets[i] = set, distinct[i]);
        }
    }

    public void Destroy() => device.Api.Vk.DestroyDescriptorPool(device.Handle, pool, null);

    private Binding Bind(GpuArgument argument)
    {
        if (!device.BindsRanges) return new Binding(argument.Block, 0, argument.Block.Length);
        int from = argument.Offset / device.OffsetAlignment * device.OffsetAlignment;
        return new Binding(argument.Block, from, argument.Offset + argument.Length - from);
    }

    private void Write(DescriptorSet set, Binding[] bindings)
    {
        DescriptorBufferInfo* buffers = stackalloc DescriptorBufferInfo[bindings.Length];
        WriteDescriptorSet* writes = stackalloc WriteDescriptorSet[bindings.Length];
        for (int b = 0; b < bindings.Length; b++)
        {
            buffers[b] = new() { Buffer = ((VulkanBlock)bindings[b].Block).Buffer, Offset = 4UL * (ulong)bindings[b].From, Range = 4UL * (ulong)bindings[b].Length };
            writes[b] = new()
            {
                SType = StructureType.WriteDescriptorSet,
                DstSet = set,
                DstBinding = (uint)b,
                DescriptorCount = 1,
                DescriptorType = DescriptorType.StorageBuffer,
                PBufferInfo = buffers + b,
            };
        }
        device.Api.Vk.UpdateDescriptorSets(device.Handle, (uint)bindings.Length, writes, 0, null);
    }
}
