#!/usr/bin/env python3
"""The networks of `odl-device bench` in PyTorch, on the same card, with the same JSON.

    python3 pytorch_bench.py --weights sigils.safetensors [--device cuda] [--filter TEXT] [--quick]

Every program is timed eagerly and, on CUDA, replayed as a CUDA graph, with TF32 off and on: its name ends in
"eager" or "graph", and in "tf32" where that is on. medianMs is from the call to the result, gpuMs by CUDA events.
FLOPs and bytes are those that the other tool counts, so they and what follows from them are null here: compare times.
Parameters are random, which costs the same; only the graphs are read from the weights. Needs torch alone.
"""

import argparse
import json
import statistics
import struct
import time

import torch
import torch.nn.functional as F
from torch import nn


class GraphNetwork(nn.Module):
    """A graph as the runtime stores it in a model file."""

    def __init__(self, graph):
        super().__init__()
        self.nodes = graph["nodes"]
        self.output = graph["output"]
        self.layers = nn.ModuleDict()
        for node in self.nodes:
            layer = self.create(node)
            if layer is not None:
                self.layers[node["name"].replace(".", "/")] = layer

    @staticmethod
    def create(node):
        kind = node["layer"]
        if kind == "conv2d":
            return nn.Conv2d(
                node["inChannels"], node["outChannels"], (node["kernelH"], node["kernelW"]), node["stride"],
                node["padding"], node["dilation"], node["groups"], node["bias"])
        if kind == "batchNorm":
            return nn.BatchNorm2d(node["channels"], node["epsilon"])
        if kind == "layerNorm":
            return nn.LayerNorm(node["width"], node["epsilon"])
        if kind == "linear":
            return nn.Linear(node["inFeatures"], node["outFeatures"], node["bias"])
        if kind == "embedding":
            return nn.Embedding(node["vocabulary"], node["width"])
        if kind == "position":
            return nn.Embedding(node["maxLength"], node["width"])
        return None

    def forward(self, x):
        values = {"input": x}
        for node in self.nodes:
            inputs = [values[name] for name in node["inputs"]]
            key = node["name"].replace(".", "/")
            values[node["name"]] = self.apply_node(node, self.layers[key] if key in self.layers else None, inputs)
        return values[self.output]

    @staticmethod
    def apply_node(node, layer, inputs):
        kind, x = node["layer"], inputs[0]
        if kind == "position":
            return x + layer.weight[: x.shape[1]]
        if layer is not None:
            return layer(x)
        if kind == "activation":
            return {
                "relu": F.relu, "gelu": F.gelu, "quickGelu": lambda v: v * torch.sigmoid(1.702 * v), "silu": F.silu,
                "sigmoid": torch.sigmoid, "tanh": torch.tanh,
            }[node["kind"]](x)
        if kind == "add":
            return x + inputs[1]
        if kind == "flatten":
            return x.flatten(1)
        if kind == "l2Normalize":
            return F.normalize(x, dim=-1, eps=node["epsilon"])
        if kind == "meanTokens":
            return x.mean(1)
        if kind == "attention":
            n, length, width = x.shape
            heads = node["heads"]
            q, k, v = x.view(n, length, 3, heads, width // 3 // heads).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=node["causal"])
            return y.transpose(1, 2).reshape(n, length, width // 3)
        raise SystemExit(f"The graph has a layer '{kind}', which this script does not know.")


def convnet():
    """3x3 convolutions of 64, 128 and 128 channels, each pooled; then 1024, 512 and 10."""
    layers, channels = [], 3
    for width in (64, 128, 128):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    layers += [nn.Flatten(), nn.Linear(2048, 1024), nn.ReLU(), nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 10)]
    return nn.Sequential(*layers)


class Block(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))
        self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(
            nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def resnet20():
    """arXiv 1512.03385, for 32x32, with 1x1 convolutions for the shortcuts that change the width."""
    layers, channels = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for width in (16, 32, 64):
        for _ in range(3):
            layers.append(Block(channels, width, 1 if width == channels else 2))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def operation(function, *inputs):
    def run():
        with torch.no_grad():
            return function(*inputs)
    return run


def forward(network, x):
    network.eval()
    return operation(network, x)


def training(network, x, classes, is_encoder):
    """Forward, loss, gradient, SGD with momentum; normalisations keep their statistics. The rate is 0."""
    network.eval()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9)
    targets = torch.arange(x.shape[0], device=x.device) % 10

    def run():
        optimizer.zero_grad(set_to_none=False)
        y = network(x)
        loss = F.cross_entropy(20 * y @ classes.t() if is_encoder else y, targets)
        loss.backward()
        optimizer.step()
        return loss
    return run


def programs(weights, device, quick):
    """Name and a function that sets it up; the names are those of `odl-device bench`."""
    with open(weights, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    metadata = header["__metadata__"]
    graphs = {part: json.loads(metadata[f"odl.{part}.graph"]) for part in ("image", "text")}

    def random(*shape):
        return torch.rand(*shape, device=device) * 2 - 1

    def image(batch):
        return random(batch, 1, 64, 64)

    def text(batch):
        vocabulary = min(n["vocabulary"] for n in graphs["text"]["nodes"] if n["layer"] == "embedding")
        return torch.randint(vocabulary, (batch, 16), device=device)

    def encoder(part):
        return GraphNetwork(graphs[part]).to(device)

    for n in (256, 512, 1024) if quick else (256, 512, 1024, 2048, 4096):
        yield f"gemm {n}", lambda n=n: operation(torch.matmul, random(n, n), random(n, n))
    rows, width = (1024 if quick else 16384), 1024
    yield f"add {rows}x{width}", lambda: operation(torch.add, random(rows, width), random(rows, width))
    yield f"layer norm {rows}x{width}", lambda: operation(
        lambda x, g, b: F.layer_norm(x, (width,), g, b), random(rows, width), random(width), random(width))
    yield f"softmax {rows}x{width}", lambda: operation(lambda x: torch.softmax(x, -1), random(rows, width))
    for batch in (1, 8, 32):
        yield f"sigils image encoder forward {batch}", lambda b=batch: forward(encoder("image"), image(b))
    for batch in (1, 8, 32):
        yield f"sigils text encoder forward {batch}", lambda b=batch: forward(encoder("text"), text(b))
    yield "sigils image encoder training 32", lambda: training(encoder("image"), image(32), random(10, 256), True)
    for name, create in (("convnet", convnet), ("ResNet-20", resnet20)):
        yield f"{name} forward 1", lambda c=create: forward(c().to(device), random(1, 3, 32, 32))
        if not quick:
            yield f"{name} forward 32", lambda c=create: forward(c().to(device), random(32, 3, 32, 32))
            yield f"{name} training 32", lambda c=create: training(c().to(device), random(32, 3, 32, 32), None, False)


def as_cuda_graph(run):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def measure(name, run, device, quick):
    cuda = device.type == "cuda"
    for _ in range(3):
        run()
    wall, gpu, start = [], [], time.perf_counter()
    least, most, enough = (2, 10, 0.1) if quick else (5, 100, 1.0)
    while len(wall) < least or (len(wall) < most and time.perf_counter() - start < enough):
        if cuda:
            torch.cuda.synchronize()
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begun = time.perf_counter()
            begin.record()
            run()
            end.record()
            torch.cuda.synchronize()
            gpu.append(begin.elapsed_time(end))
        else:
            begun = time.perf_counter()
            run()
        wall.append(1e3 * (time.perf_counter() - begun))
    return {
        "name": name, "medianMs": statistics.median(wall), "gpuMs": statistics.median(gpu) if gpu else None,
        "dispatches": None, "bytes": None, "flops": None, "floorMs": None, "reached": None,
    }


def copy_rate(device):
    """Bytes read and written a second by a large copy."""
    x = torch.rand((32 << 20) if device.type == "cuda" else (4 << 20), device=device)
    y = torch.empty_like(x)
    result = measure("copy", lambda: y.copy_(x), device, False)
    return 8 * x.numel() / (1e-3 * (result["gpuMs"] or result["medianMs"])) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", required=True, help="sigils.safetensors, from src/OnDeviceLearning.Sigils/Weights")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--filter", default="", help="only programs with this in their name")
    parser.add_argument("--quick", action="store_true", help="few runs of each, and no large programs")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    cuda = device.type == "cuda"

    results, skipped = [], []
    for tf32 in (False, True) if cuda else (False,):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        for name, create in programs(arguments.weights, device, arguments.quick):
            if arguments.filter.lower() not in name.lower():
                continue
            for mode in ("eager", "graph") if cuda else ("eager",):
                full = f"{name}, {mode}{', tf32' if tf32 else ''}"
                try:
                    run = create()
                    results.append(measure(full, as_cuda_graph(run) if mode == "graph" else run, device, arguments.quick))
                except RuntimeError as error:
                    skipped.append({"name": full, "reason": str(error).splitlines()[0]})
    print(json.dumps({
        "device": torch.cuda.get_device_name(device) if cuda else "CPU",
        "driver": f"PyTorch {torch.__version__}" + (f", CUDA {torch.version.cuda}" if cuda else ""),
        "copyGBs": copy_rate(device), "fmaGflops": None, "programs": results, "skipped": skipped,
    }, indent=2))


if __name__ == "__main__":
    main()
