"""A GRU that classifies sequences of different lengths: the last valid state goes through one linear layer.

Cho et al. 2014 (arXiv 1406.1078), in the form that torch.nn.GRU computes, with one bias a gate. The steps are unrolled
and every gate is a linear layer of its own: the file has no loop, pruning may take units, and a weight is stored once
for all steps. The state's side has no bias: Android's TFLite 2.16.1 keeps an int8 layer with a bias out of XNNPACK, and
the graph would be cut at every frame. `recurrence` gives the same weights to the forms that are not unrolled.
"""

import torch
from torch import nn

from edgekit.recurrence import Recurrence
from edgekit.zoo.gates import one_masked_cell


class MaskedGru(nn.Module):
    """(frames (N, T, channels), mask (N, T)) -> the state after the last frame of mask 1, (N, width)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.reset_x, self.update_x, self.new_x = (nn.Linear(channels, width) for _ in range(3))
        self.reset_h, self.update_h, self.new_h = (nn.Linear(width, width, bias=False) for _ in range(3))

    def forward(self, frames: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        reset_x, update_x, new_x = self.reset_x(frames), self.update_x(frames), self.new_x(frames)
        masks = mask.unsqueeze(-1)
        h = torch.zeros_like(new_x[:, :1])  # (N, 1, width): three dimensions throughout need no reshaping
        for start in range(frames.shape[1]):
            t = slice(start, start + 1)
            reset = torch.sigmoid(reset_x[:, t] + self.reset_h(h))
            # One minus torch's update gate, so that mask 0 is no update.
            update = torch.sigmoid(update_x[:, t] + self.update_h(h)) * masks[:, t]
            new = torch.tanh(new_x[:, t] + reset * self.new_h(h))
            h = h + update * (new - h)
        return h[:, 0]

    def recurrence(self) -> Recurrence:
        """The same, as numbers."""
        from_input, from_state = (self.reset_x, self.update_x, self.new_x), (self.reset_h, self.update_h, self.new_h)
        return one_masked_cell("gru", from_input, from_state)


class GruClassifier(nn.Module):
    """Inputs: frames (N, T, channels) float32, mask (N, T) float32, 1 on valid frames and 0 after them.

    Output (N, classes) logits. A frame of mask 0 leaves the state as it is: whatever follows a sequence changes
    nothing. The unrolled graph has about 18 operators a frame.
    """

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.gru = MaskedGru(channels, width)
        self.classifier = nn.Linear(width, classes)

    def forward(self, frames: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.gru(frames, mask))
        return logits


def vowels_gru(channels: int = 12, width: int = 32, classes: int = 9) -> nn.Module:
    """The default sizes are those of the source japanese-vowels: 4,617 parameters."""
    return GruClassifier(channels, width, classes).eval()
