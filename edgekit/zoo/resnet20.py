"""ResNet-20 for small images, as published for CIFAR-10 (He et al. 2016, arXiv 1512.03385, section 4.2), 16-32-64.

The shortcut where the size changes is option A of the paper: every second pixel, missing channels zero.
"""

import torch
from torch import nn
from torch.nn import functional

_BLOCKS_A_STAGE = 3


class _Block(nn.Module):
    """Two 3x3 convolutions and the shortcut around them."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels_out)
        self.second = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU()
        self.out = nn.ReLU()
        self.stride = stride
        self.missing = channels_out - channels_in

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.second_norm(self.second(self.relu(self.first_norm(self.first(x)))))
        if self.stride != 1:
            x = x[:, :, :: self.stride, :: self.stride]
        if self.missing:
            x = functional.pad(x, (0, 0, 0, 0, 0, self.missing))
        added: torch.Tensor = self.out(x + y)
        return added


class ResNet20(nn.Module):
    """Input (N, channels, 28, 28) float32 in 0..1; output (N, classes) logits."""

    def __init__(self, width: int = 16, channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(width)
        self.stem_relu = nn.ReLU()
        blocks: list[nn.Module] = []
        before = width
        for stage, wide in enumerate((width, 2 * width, 4 * width)):
            for block in range(_BLOCKS_A_STAGE):
                blocks.append(_Block(before, wide, 2 if stage and block == 0 else 1))
                before = wide
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AvgPool2d(7)
        self.classifier = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.blocks(self.stem_relu(self.stem_norm(self.stem(x))))
        z: torch.Tensor = self.classifier(torch.flatten(self.pool(y), 1))
        return z


def resnet20(width: int = 16, channels: int = 1, classes: int = 10) -> nn.Module:
    """3x3 convolution, 3 stages of 3 blocks at `width`, 2 and 4 times `width`, pooling, one linear layer."""
    return ResNet20(width, channels, classes).eval()
