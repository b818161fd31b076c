"""A regression with two inputs and two outputs: an image and a vector in, a value and its parts out."""

import numpy as np
import torch
from torch import nn

from edgekit.datasets import Source, Split


class TwoInputs(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.image = nn.Sequential(
            nn.Conv2d(2, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(8), nn.Flatten(), nn.Linear(width, 1)
        )
        self.vector = nn.Sequential(nn.Linear(5, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, image, vector):
        parts = torch.cat([self.image(image), self.vector(vector)], dim=1)
        return parts.sum(dim=1, keepdim=True), parts


def build(width=16):
    return TwoInputs(width).eval()


def data(count=400):
    """value = brightest pixel of channel 0 + |first| - |second| of the vector."""

    def part(seed, size):
        generator = np.random.default_rng(seed)
        images = generator.random((size, 2, 8, 8)).astype(np.float32) * generator.random((size, 1, 1, 1), np.float32)
        vectors = generator.normal(size=(size, 5)).astype(np.float32)
        values = images[:, 0].max(axis=(1, 2)) + np.abs(vectors[:, 0]) - np.abs(vectors[:, 1])
        return Split(inputs=(images, vectors), labels=values[:, None].astype(np.float32))

    return Source(
        train=lambda: part(0, count),
        validation=lambda: part(1, count // 4),
        test=lambda: part(2, count // 2),
        input_names=("image", "vector"),
    )


def squared():
    """Only the first output is judged."""
    return lambda outputs, labels: nn.functional.mse_loss(outputs[0], labels)
