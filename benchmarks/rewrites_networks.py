"""Three small networks of shapes that people convert; random weights: what is rewritten depends on shapes alone."""

import torch
from mobilenet_v2 import as_model
from torch import nn

from edgekit.model import Model

IMAGE = (1, 3, 32, 32)
CLASSES = 10


class Shuffle(nn.Module):
    """One unit as in ShuffleNet (Zhang et al. 2017): grouped 1x1 convolution, channel shuffle, split."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2, 1)
        self.grouped = nn.Conv2d(16, 16, 1, groups=4)
        self.spatial = nn.Conv2d(16, 16, 3, 1, 1, groups=16)
        self.classifier = nn.Linear(16, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.grouped(torch.relu(self.stem(x)))
        items, channels, rows, columns = x.shape
        x = x.view(items, 4, channels // 4, rows, columns).transpose(1, 2).reshape(items, channels, rows, columns)
        first, second = self.spatial(x).chunk(2, 1)
        x = torch.cat([torch.relu(first), second], 1)
        y: torch.Tensor = self.classifier(x.mean((2, 3)))
        return y


class ConvNext(nn.Module):
    """One block as in ConvNeXt (Liu et al. 2022): layer norm and linear layers over channels, on permuted axes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 4, 4)
        self.spatial = nn.Conv2d(16, 16, 7, 1, 3, groups=16)
        self.norm = nn.LayerNorm(16, eps=1e-6)
        self.wide, self.narrow = nn.Linear(16, 64), nn.Linear(64, 16)
        self.classifier = nn.Linear(16, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        inner = self.wide(self.norm(self.spatial(x).permute(0, 2, 3, 1)))
        x = x + self.narrow(nn.functional.gelu(inner, approximate="tanh")).permute(0, 3, 1, 2)
        y: torch.Tensor = self.classifier(x.mean((2, 3)))
        return y


class VisionTransformer(nn.Module):
    """One layer of a ViT (Dosovitskiy et al. 2020): patches, a class token, PyTorch's own encoder layer."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 32, 8, 8)
        self.token = nn.Parameter(torch.zeros(1, 1, 32))
        self.places = nn.Parameter(torch.randn(1, 17, 32) * 0.02)
        self.layer = nn.TransformerEncoderLayer(
            32, 4, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.norm, self.classifier = nn.LayerNorm(32), nn.Linear(32, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.places
        y: torch.Tensor = self.classifier(self.norm(self.layer(x))[:, 0])
        return y


def shuffle() -> Model:
    """Seeded."""
    return _seeded(Shuffle)


def convnext() -> Model:
    """Seeded."""
    return _seeded(ConvNext)


def vision_transformer() -> Model:
    """Seeded."""
    return _seeded(VisionTransformer)


def _seeded(kind: type[nn.Module]) -> Model:
    torch.manual_seed(0)
    return as_model(kind().eval(), IMAGE)
