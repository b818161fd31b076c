"""MobileNetV2 at width 1 (Sandler et al. 2018, arXiv 1801.04381, table 2), as torchvision lays it out; random weights.

No pretrained weights are at hand: bytes, operators and conversion time depend on shapes alone.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from edgekit.model import Model

SHAPE = (1, 3, 224, 224)
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels out, blocks, stride of the first one."""


def _convolution(channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU6(),
    )


class _InvertedResidual(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = channels_in * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_convolution(channels_in, hidden, 1)]
        layers += [
            _convolution(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, channels_out, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        ]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.conv(x)
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    """Input (N, 3, 224, 224) float32, output (N, 1000) logits; 3,504,872 parameters."""

    def __init__(self) -> None:
        super().__init__()
        channels = 32
        layers: list[nn.Module] = [_convolution(3, channels, 3, 2)]
        for expansion, wide, blocks, stride in _STAGES:
            for block in range(blocks):
                layers.append(_InvertedResidual(channels, wide, stride if block == 0 else 1, expansion))
                channels = wide
        layers.append(_convolution(channels, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.classifier(self.features(x).mean((2, 3)))
        return y


def mobilenet_v2() -> Model:
    """Seeded random weights, batch norms that have seen noise (or every channel would be alike)."""
    torch.manual_seed(0)
    network = MobileNetV2()
    with torch.no_grad():
        for _ in range(2):
            network.train()(torch.rand(2, *SHAPE[1:]))
    return as_model(network.eval(), SHAPE)


def as_model(network: nn.Module, shape: tuple[int, ...]) -> Model:
    """`network` with one image input of `shape` (NCHW), as a step would hand it on."""
    example: tuple[Any, ...] = (np.zeros(shape, np.float32),)
    return Model(
        network=network,
        example=example,
        input_names=("image",),
        channels_last=(0,),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        macs=0,
    )
