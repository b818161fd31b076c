"""A MobileNet-like CNN for small grey images: one convolution, then depthwise-separable blocks (Howard et al. 2017)."""

import torch
from torch import nn

_BLOCKS = ((64, 2), (64, 1), (128, 2), (128, 1))
"""Channels out at width 1, stride of the depthwise convolution."""


def _convolution(channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU6(),
    ]


class MobileCnn(nn.Module):
    """Input (N, 1, 28, 28) float32 in 0..1; output (N, classes) logits."""

    def __init__(self, width: float = 1.0, classes: int = 10) -> None:
        super().__init__()
        channels = max(1, round(32 * width))
        layers = _convolution(1, channels, 3)
        for wide, stride in _BLOCKS:
            channels_out = max(1, round(wide * width))
            layers += _convolution(channels, channels, 3, stride, groups=channels)
            layers += _convolution(channels, channels_out, 1)
            channels = channels_out
        self.features = nn.Sequential(*layers)
        self.pool = nn.AvgPool2d(7)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.classifier(torch.flatten(self.pool(self.features(x)), 1))
        return y


def mobile_cnn(width: float = 1.0, classes: int = 10) -> nn.Module:
    """3x3 convolution to 32, blocks to 64 (stride 2), 64, 128 (stride 2), 128, pooling; `width` scales every layer."""
    return MobileCnn(width, classes).eval()
