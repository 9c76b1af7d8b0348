using OnDeviceLearning.Gpu;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>A kernel, ready to be bound.</summary>
internal readonly record struct VulkanPipeline(Pipeline Handle, PipelineLayout Layout, DescriptorSetLayout SetLayout);

/// <summary>Pipelines by kernel, created when first recorded, from the driver's cache where it has them. From any thread.</summary>
internal sealed unsafe class VulkanPipelines
{
    private readonly VulkanApi api;
    private readonly Device device;
    private readonly Func<string, byte[]> code;
    private readonly VulkanPipelineCache cache;
    private readonly object gate = new();
    private readonly Dictionary<string, VulkanPipeline> pipelines = [];
    private readonly Dictionary<int, DescriptorSetLayout> setLayouts = [];                       // by number of bindings
    private readonly Dictionary<(int Bindings, int Words), PipelineLayout> pipelineLayouts = [];

    public VulkanPipelines(VulkanApi api, Device device, Func<string, byte[]> code, VulkanPipelineCache cache)
    {
        this.api = api;
        this.device = device;
        this.code = code;
        this.cache = cache;
    }

    /// <summary>The pipeline of a kernel.</summary>
    public VulkanPipeline this[GpuKernel kernel]
    {
        get
        {
            lock (gate)
            {
                if (!pipelines.TryGetValue(kernel.Name, out VulkanPipeline pipeline)) pipelines.Add(kernel.Name, pipeline = Create(kernel));
                return pipeline;
            }
        }
    }

    public void Destroy()
    {
        if (pipelines.Count > 0) cache.Save();
        foreach (VulkanPipeline pipeline in pipelines.Values) api.Vk.DestroyPipeline(device, pipeline.Handle, null);
        foreach (PipelineLayout layout in pipelineLayouts.Values) api.Vk.DestroyPipelineLayout(device, layout, null);
        foreach (DescriptorSetLayout layout in setLayouts.Values) api.Vk.DestroyDescriptorSetLayout(device, layout, null);
        cache.Destroy();
    }

    private VulkanPipeline Create(GpuKernel kernel)
    {
        DescriptorSetLayout setLayout = SetLayout(kernel.Bindings.Count);
        PipelineLayout layout = Layout(kernel.Bindings.Count, 3 + kernel.Constants.Count, setLayout);
        byte[] words = code(kernel.Name);
        byte* entry = stackalloc byte[] { (byte)'m', (byte)'a', (byte)'i', (byte)'n', 0 };
        fixed (byte* pointer = words)
        {
            ShaderModuleCreateInfo moduleInfo = new() { SType = StructureType.ShaderModuleCreateInfo, CodeSize = (nuint)words.Length, PCode = (uint*)pointer };
            ShaderModule module;
            api.Check(api.Vk.CreateShaderModule(device, &moduleInfo, null, &module), "vkCreateShaderModule");
            try
            {
                ComputePipelineCreateInfo info = new()
                {
                    SType = StructureType.ComputePipelineCreateInfo,
                    Layout = layout,
                    Stage = new() { SType = StructureType.PipelineShaderStageCreateInfo, Stage = ShaderStageFlags.ComputeBit, Module = module, PName = entry },
                };
                Pipeline handle;
                api.Check(api.Vk.CreateComputePipelines(device, cache.Handle, 1, &info, null, &handle), "vkCreateComputePipelines");
                return new VulkanPipeline(handle, layout, setLayout);
            }
            finally
            {
                api.Vk.DestroyShaderModule(device, module, null);
            }
        }
    }

    private DescriptorSetLayout SetLayout(int count)
    {
        if (setLayouts.TryGetValue(count, out DescriptorSetLayout layout)) return layout;
        DescriptorSetLayoutBinding* bindings = stackalloc DescriptorSetLayoutBinding[count];
        for (int i = 0; i < count; i++)
            bindings[i] = new() { Binding = (uint)i, DescriptorType = DescriptorType.StorageBuffer, DescriptorCount = 1, StageFlags = ShaderStageFlags.ComputeBit };
        DescriptorSetLayoutCreateInfo info = new() { SType = StructureType.DescriptorSetLayoutCreateInfo, BindingCount = (uint)count, PBindings = bindings };
        api.Check(api.Vk.CreateDescriptorSetLayout(device, &info, null, &layout), "vkCreateDescriptorSetLayout");
        setLayouts.Add(count, layout);
        return layout;
    }

    private PipelineLayout Layout(int bindings, int words, DescriptorSetLayout setLayout)
    {
        if (pipelineLayouts.TryGetValue((bindings, words), out PipelineLayout layout)) return layout;
        PushConstantRange range = new() { StageFlags = ShaderStageFlags.ComputeBit, Size = 4u * (uint)words };
        PipelineLayoutCreateInfo info = new()
        {
            SType = StructureType.PipelineLayoutCreateInfo,
            SetLayoutCount = 1,
            PSetLayouts = &setLayout,
            PushConstantRangeCount = 1,
            PPushConstantRanges = &range,
        };
        api.Check(api.Vk.CreatePipelineLayout(device, &info, null, &layout), "vkCreatePipelineLayout");
        pipelineLayouts.Add((bindings, words), layout);
        return layout;
    }
}
