"""The layer tables of recipes/README.md: every layer with weights of the two Fashion-MNIST baselines."""

from typing import Any

import numpy as np
import torch
from torch import nn

from edgekit.compress import count
from edgekit.zoo.mobile_cnn import mobile_cnn
from edgekit.zoo.resnet20 import resnet20

BASELINES = {"fashion-cnn": mobile_cnn, "fashion-resnet20": resnet20}


def layers(network: nn.Module, image: Any) -> list[tuple[str, str, str, int, int]]:
    """(name, what it is, output CxHxW, parameters with its batch norm, MACs) in order of execution."""
    rows: list[tuple[str, str, str, int, int]] = []

    def seen(name: str, module: nn.Module, output: torch.Tensor) -> None:
        own = sum(parameter.numel() for parameter in module.parameters())
        if isinstance(module, nn.BatchNorm2d):
            before = rows.pop()
            rows.append((*before[:3], before[3] + own, before[4]))
            return
        shape = "x".join(str(size) for size in output.shape[1:])
        if isinstance(module, nn.Conv2d):
            kernel = "x".join(str(size) for size in module.kernel_size)
            depthwise = "depthwise " if module.groups == module.in_channels > 1 else ""
            stride = f", stride {module.stride[0]}" if module.stride[0] > 1 else ""
            rows.append((name, f"{depthwise}{kernel}{stride}", shape, own, output.numel() * module.weight[0].numel()))
        elif isinstance(module, nn.Linear):
            rows.append((name, "linear", shape, own, output.numel() * module.in_features))

    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.Linear):
            module.register_forward_hook(lambda module, _, output, name=name: seen(name, module, output))
    with torch.inference_mode():
        network(torch.from_numpy(image))
    return rows


def layer_tables() -> str:
    """Markdown: a table a baseline, and its sums, which the counts of edgekit.compress.count must equal."""
    image = np.zeros((1, 1, 28, 28), np.float32)
    parts = ["", "## Layers of the Fashion-MNIST baselines", ""]
    parts += ["A layer's parameters hold those of the batch norm behind it; MACs are of one image, without biases.", ""]
    for recipe, factory in BASELINES.items():
        rows = layers(factory(), image)
        network = factory()
        sums = (sum(row[3] for row in rows), sum(row[4] for row in rows))
        assert sums == (count.parameters(network), count.macs(network, (image,)))
        parts += [f"### {recipe}", "", "| layer | what | output | parameters | MACs |", "|---|---|---|---:|---:|"]
        parts += [f"| {name} | {what} | {shape} | {own:,} | {macs:,} |" for name, what, shape, own, macs in rows]
        parts += [f"| **sum** | | | **{sums[0]:,}** | **{sums[1]:,}** |", ""]
    return "\n".join(parts)
