"""An LSTM that classifies sequences of different lengths: the last valid output goes through one linear layer.

Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, as torch.nn.LSTM computes it. The steps are
unrolled and every gate is a linear layer of its own, as in the GRU of vowels_gru.py.
"""

import torch
from torch import nn

from edgekit.recurrence import Recurrence
from edgekit.zoo.gates import one_masked_cell


class MaskedLstm(nn.Module):
    """(frames (N, T, channels), mask (N, T)) -> the output at the last frame of mask 1, (N, width)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.input_x, self.forget_x, self.new_x, self.output_x = (nn.Linear(channels, width) for _ in range(4))
        self.input_h, self.forget_h, self.new_h, self.output_h = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, frames: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        input_x, forget_x, new_x, output_x = (
            gate(frames) for gate in (self.input_x, self.forget_x, self.new_x, self.output_x)
        )
        masks = mask.unsqueeze(-1)
        h = c = torch.zeros_like(new_x[:, :1])  # (N, 1, width): three dimensions throughout need no reshaping
        for start in range(frames.shape[1]):
            t = slice(start, start + 1)
            let_in = torch.sigmoid(input_x[:, t] + self.input_h(h))
            keep = torch.sigmoid(forget_x[:, t] + self.forget_h(h))
            new = torch.tanh(new_x[:, t] + self.new_h(h))
            let_out = torch.sigmoid(output_x[:, t] + self.output_h(h))
            c = c + masks[:, t] * (keep * c + let_in * new - c)
            h = h + masks[:, t] * (let_out * torch.tanh(c) - h)
        return h[:, 0]

    def recurrence(self) -> Recurrence:
        """The same, as numbers."""
        from_input = (self.input_x, self.forget_x, self.new_x, self.output_x)
        from_state = (self.input_h, self.forget_h, self.new_h, self.output_h)
        return one_masked_cell("lstm", from_input, from_state)


class LstmClassifier(nn.Module):
    """Inputs: frames (N, T, channels) float32, mask (N, T) float32, 1 on valid frames and 0 after them.

    Output (N, classes) logits. A frame of mask 0 leaves state and output as they are: whatever follows a sequence
    changes nothing. The unrolled graph has about 28 operators a frame.
    """

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.lstm = MaskedLstm(channels, width)
        self.classifier = nn.Linear(width, classes)

    def forward(self, frames: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.lstm(frames, mask))
        return logits


def speech_lstm(channels: int = 13, width: int = 64, classes: int = 10) -> nn.Module:
    """The default sizes are those of the source spoken-digits: 20,618 parameters."""
    return LstmClassifier(channels, width, classes).eval()
