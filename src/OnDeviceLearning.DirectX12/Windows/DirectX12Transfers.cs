using System.Runtime.InteropServices;
using ComputeSharp;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>
/// Copies of one element type between host and device, through a few pages of memory that both see, reused. An upload is
/// done for the caller once its page has it; the worker copies on. Allocates nothing in steady state. From any thread.
/// </summary>
internal sealed class DirectX12Transfers<T> where T : unmanaged
{
    private const int Pages = 3;

    private sealed class Page(UploadBuffer<T> buffer) : DirectX12Work
    {
        public UploadBuffer<T> Buffer => buffer;

        public int Used;
        public long Ticket;

        public override void Execute(in DirectX12Request request) =>
            ((DirectX12Block<T>)request.Block!).Buffer.CopyFrom(buffer, request.From, request.BlockOffset, request.To - request.From);
    }

    /// <summary>Never written, so that many clears may read it.</summary>
    private sealed class Zeros(UploadBuffer<T> buffer) : DirectX12Work
    {
        public UploadBuffer<T> Buffer => buffer;

        public override void Execute(in DirectX12Request request)
        {
            for (int done = 0, count; done < request.To; done += count)
            {
                count = Math.Min(request.To - done, buffer.Length);
                ((DirectX12Block<T>)request.Block!).Buffer.CopyFrom(buffer, 0, request.BlockOffset + done, count);
            }
        }
    }

    private sealed class Return(ReadBackBuffer<T> buffer) : DirectX12Work
    {
        public ReadBackBuffer<T> Buffer => buffer;

        public override void Execute(in DirectX12Request request) =>
            ((DirectX12Block<T>)request.Block!).Buffer.CopyTo(buffer, request.BlockOffset, 0, request.To);
    }

    private readonly DirectX12Worker worker;
    private readonly int pageLength;
    private readonly object writeGate = new(), readGate = new();
    private readonly List<IDisposable> owned = [];
    private readonly Page[] pages = new Page[Pages];
    private readonly Zeros zeros;
    private readonly Return readBack;
    private int current;

    public DirectX12Transfers(GraphicsDevice graphics, DirectX12Worker worker, int pageLength)
    {
        this.worker = worker;
        this.pageLength = pageLength;
        try
        {
            for (int i = 0; i < Pages; i++) pages[i] = new Page(Own(DirectX12Memory.Upload<T>(graphics, pageLength)));
            zeros = new Zeros(Own(DirectX12Memory.Upload<T>(graphics, pageLength)));
            readBack = new Return(Own(DirectX12Memory.ReadBack<T>(graphics, pageLength)));
        }
        catch
        {
            Destroy();
            throw;
        }
    }

    public void Upload(GpuBlock block, int offset, ReadOnlySpan<byte> source)
    {
        ReadOnlySpan<T> elements = MemoryMarshal.Cast<byte, T>(source);
        lock (writeGate)
        {
            while (elements.Length > 0)
            {
                Page page = Writable();
                int count = Math.Min(elements.Length, pageLength - page.Used);
                elements[..count].CopyTo(page.Buffer.Span.Slice(page.Used, count));
                page.Ticket = worker.Ask(new DirectX12Request(page, page.Used, page.Used + count, block, offset));
                page.Used += count;
                offset += count;
                elements = elements[count..];
            }
        }
    }

    public void Clear(GpuBlock block, int offset, int length) => worker.Ask(new DirectX12Request(zeros, 0, length, block, offset));

    public void Download(GpuBlock block, int offset, Span<byte> target)
    {
        Span<T> elements = MemoryMarshal.Cast<byte, T>(target);
        lock (readGate)
        {
            while (elements.Length > 0)
            {
                int count = Math.Min(elements.Length, pageLength);
                worker.Wait(worker.Ask(new DirectX12Request(readBack, 0, count, block, offset)));
                readBack.Buffer.Span[..count].CopyTo(elements);
                offset += count;
                elements = elements[count..];
            }
        }
    }

    /// <summary>Frees everything; the worker must have ended.</summary>
    public void Destroy()
    {
        foreach (IDisposable buffer in owned) buffer.Dispose();
        owned.Clear();
    }

    /// <summary>A page with room. One whose copies are finished begins anew; where all are under way, the oldest is waited for.</summary>
    private Page Writable()
    {
        Page page = pages[current];
        if (worker.IsFinished(page.Ticket)) page.Used = 0;
        if (page.Used < pageLength) return page;
        current = (current + 1) % Pages;
        page = pages[current];
        worker.Wait(page.Ticket);
        page.Used = 0;
        return page;
    }

    private TBuffer Own<TBuffer>(TBuffer buffer) where TBuffer : IDisposable
    {
        owned.Add(buffer);
        return buffer;
    }
}
