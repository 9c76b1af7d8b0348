using System.Runtime.InteropServices;
using OnDeviceLearning.Gpu;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>The segments of a program as command buffers, with their descriptor sets and the timestamps around each.</summary>
internal sealed unsafe class VulkanCommands : GpuCommands
{
    private const int MostConstantWords = 32; // 128 bytes, what every device has

    private readonly VulkanDevice device;
    private readonly VulkanApi api;
    private readonly VulkanDescriptors descriptors;
    private readonly CommandPool pool;
    private readonly QueryPool queries;
    private readonly CommandBuffer* segments;
    private readonly ulong[] tickets; // of each segment's last submission; 0 for none
    private bool disposed;

    public VulkanCommands(VulkanDevice device, GpuPlan plan)
    {
        this.device = device;
        api = device.Api;
        int count = plan.Segments.Count;
        tickets = new ulong[count];
        descriptors = new VulkanDescriptors(device, plan.Dispatches);
        segments = (CommandBuffer*)NativeMemory.AllocZeroed((nuint)Math.Max(1, count), (nuint)sizeof(CommandBuffer));
        try
        {
            api.RequireDevice("Record");
            descriptors.Create();
            CommandPoolCreateInfo poolInfo = new() { SType = StructureType.CommandPoolCreateInfo, QueueFamilyIndex = device.QueueFamily };
            CommandPool createdPool;
            api.Check(api.Vk.CreateCommandPool(device.Handle, &poolInfo, null, &createdPool), "vkCreateCommandPool");
            pool = createdPool;
            if (count == 0) return;
            CommandBufferAllocateInfo allocate = new() { SType = StructureType.CommandBufferAllocateInfo, CommandPool = pool, Level = CommandBufferLevel.Primary, CommandBufferCount = (uint)count };
            api.Check(api.Vk.AllocateCommandBuffers(device.Handle, &allocate, segments), "vkAllocateCommandBuffers");
            if (device.HasTimestamps)
            {
                QueryPoolCreateInfo queryInfo = new() { SType = StructureType.QueryPoolCreateInfo, QueryType = QueryType.Timestamp, QueryCount = 2 * (uint)count };
                QueryPool createdQueries;
                api.Check(api.Vk.CreateQueryPool(device.Handle, &queryInfo, null, &createdQueries), "vkCreateQueryPool");
                queries = createdQueries;
            }
            for (int s = 0; s < count; s++) Record(plan, s);
        }
        catch
        {
            Destroy();
            throw;
        }
    }

    /// <summary>Whatever was submitted to the queue before, by anybody, is complete and visible to what follows.</summary>
    public static void BarrierAfterEverything(Vk vk, CommandBuffer commands)
    {
        MemoryBarrier barrier = new()
        {
            SType = StructureType.MemoryBarrier,
            SrcAccessMask = AccessFlags.MemoryWriteBit | AccessFlags.MemoryReadBit,
            DstAccessMask = AccessFlags.ShaderReadBit | AccessFlags.ShaderWriteBit | AccessFlags.TransferReadBit | AccessFlags.TransferWriteBit,
        };
        vk.CmdPipelineBarrier(
            commands, PipelineStageFlags.AllCommandsBit, PipelineStageFlags.ComputeShaderBit | PipelineStageFlags.TransferBit, 0, 1, &barrier, 0, null, 0, null);
    }

    public override void Submit(int from, int to)
    {
        ulong ticket = device.Submit(segments + from, to - from);
        for (int s = from; s < to; s++) tickets[s] = ticket;
    }

    public override bool IsFinished(int segment) => device.Queue.IsFinished(tickets[segment]);

    public override void Wait(int segment) => device.Queue.Wait(tickets[segment]);

    public override double Seconds(int segment)
    {
        if (queries.Handle == 0 || tickets[segment] == 0) return double.NaN;
        ulong* stamps = stackalloc ulong[2];
        Result result = api.Vk.GetQueryPoolResults(device.Handle, queries, 2 * (uint)segment, 2, 16, stamps, 8, QueryResultFlags.Result64Bit);
        return api.Check(result, "vkGetQueryPoolResults") == Result.Success
            ? ((stamps[1] - stamps[0]) & device.TimestampMask) * device.TimestampPeriod * 1e-9
            : double.NaN;
    }

    public override void Dispose()
    {
        if (disposed || device.IsDestroyed) return;
        device.Forget(this);
        try
        {
            for (int s = 0; s < tickets.Length; s++) device.Queue.Wait(tickets[s]);
        }
        catch (DeviceLostException)
        {
            device.Queue.Drain();
        }
        Destroy();
    }

    /// <summary>Frees everything; nothing may be under way.</summary>
    public void Destroy()
    {
        if (disposed) return;
        disposed = true;
        api.Vk.DestroyQueryPool(device.Handle, queries, null);
        api.Vk.DestroyCommandPool(device.Handle, pool, null);
        descriptors.Destroy();
        NativeMemory.Free(segments);
    }

    private void Record(GpuPlan plan, int segment)
    {
        Vk vk = api.Vk;
        CommandBuffer commands = segments[segment];
        CommandBufferBeginInfo begin = new() { SType = StructureType.CommandBufferBeginInfo };
        api.Check(vk.BeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
        uint query = 2 * (uint)segment;
        if (queries.Handle != 0)
        {
            vk.CmdResetQueryPool(commands, queries, query, 2);
            // At the bottom of the pipe: when everything before has ended, which is when this begins.
            vk.CmdWriteTimestamp(commands, PipelineStageFlags.BottomOfPipeBit, queries, query);
        }
        BarrierAfterEverything(vk, commands);
        Pipeline bound = default;
        Span<int> words = stackalloc int[MostConstantWords];
        for (int d = plan.Segments[segment].From; d < plan.Segments[segment].To; d++)
        {
            GpuDispatch dispatch = plan.Dispatches[d];
            if (dispatch.BarrierBefore) ComputeBarrier(commands);
            VulkanPipeline pipeline = device.Pipelines[dispatch.Kernel];
            if (pipeline.Handle.Handle != bound.Handle) vk.CmdBindPipeline(commands, PipelineBindPoint.Compute, bound = pipeline.Handle);
            DescriptorSet set = descriptors.SetOf(d);
            vk.CmdBindDescriptorSets(commands, PipelineBindPoint.Compute, pipeline.Layout, 0, 1, &set, 0, null);
            dispatch.WriteConstants(words, descriptors.BasesOf(d));
            fixed (int* constants = words)
                vk.CmdPushConstants(commands, pipeline.Layout, ShaderStageFlags.ComputeBit, 0, 4u * (uint)dispatch.ConstantWords, constants);
            vk.CmdDispatch(commands, (uint)dispatch.GroupsX, (uint)dispatch.GroupsY, (uint)dispatch.GroupsZ);
        }
        if (queries.Handle != 0) vk.CmdWriteTimestamp(commands, PipelineStageFlags.BottomOfPipeBit, queries, query + 1);
        api.Check(vk.EndCommandBuffer(commands), "vkEndCommandBuffer");
    }

    private void ComputeBarrier(CommandBuffer commands)
    {
        MemoryBarrier barrier = new()
        {
            SType = StructureType.MemoryBarrier,
            SrcAccessMask = AccessFlags.ShaderReadBit | AccessFlags.ShaderWriteBit,
            DstAccessMask = AccessFlags.ShaderReadBit | AccessFlags.ShaderWriteBit,
        };
        api.Vk.CmdPipelineBarrier(commands, PipelineStageFlags.ComputeShaderBit, PipelineStageFlags.ComputeShaderBit, 0, 1, &barrier, 0, null, 0, null);
    }
}
