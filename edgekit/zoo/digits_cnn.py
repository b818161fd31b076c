"""A small CNN for 8x8 images: three times convolution, batch norm, ReLU, max-pooling; then one linear layer."""

from torch import nn


def digits_cnn(width: int = 16, classes: int = 10) -> nn.Module:
    """Input (N, 1, 8, 8) float32 in 0..1; output (N, classes) logits. `width`: channels of the first convolution.

    Three poolings leave one pixel, so that flattening moves nothing and the file needs no transpose.
    """

    def block(channels_in: int, channels_out: int) -> tuple[nn.Module, ...]:
        return (
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )

    return nn.Sequential(
        *block(1, width),
        *block(width, 2 * width),
        *block(2 * width, 4 * width),
        nn.Flatten(),
        nn.Linear(4 * width, classes),
    ).eval()
