"""The gates of the zoo's recurrent networks, linear layers each, as the numbers that files are written from."""

from collections.abc import Sequence

import torch
from torch import nn

from edgekit.recurrence import Cell, Kind, Recurrence


def one_masked_cell(kind: Kind, from_input: Sequence[nn.Linear], from_state: Sequence[nn.Linear]) -> Recurrence:
    """Layers gate by gate in the order of edgekit.recurrence.GATES; those of the state have no bias."""

    def rows(parts: Sequence[torch.Tensor]) -> torch.Tensor:
        return torch.cat([part.detach().to(torch.float32) for part in parts])

    cell = Cell(
        kind=kind,
        x_weights=rows([gate.weight for gate in from_input]).numpy(),
        x_bias=rows([gate.bias for gate in from_input]).numpy(),
        h_weights=rows([gate.weight for gate in from_state]).numpy(),
    )
    return Recurrence(layers=((cell,),), masked=True)
