"""One recurrent network -> its file in one form, in a process of its own: seconds of conversion, bytes, operators.

python benchmarks/recurrent_files.py KIND WIDTH STEPS FORM PRECISION FILE: writes FILE and prints JSON. Imports are not
in the seconds.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgekit.compress import start
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.recurrent_file import to_recurrent
from edgekit.convert.shrink import shrink
from edgekit.tflite import read
from edgekit.tflite.structure import operator_counts

INPUTS, CLASSES = 12, 9


class Network(nn.Module):
    """The last state of one layer through a linear layer."""

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        self.layer = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](INPUTS, width, batch_first=True)
        self.classifier = nn.Linear(width, CLASSES)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        states = self.layer(frames)[1]
        logits: torch.Tensor = self.classifier((states[0] if isinstance(states, tuple) else states)[0])
        return logits


def main(kind: str, width: str, steps: str, form: str, precision: str, path: str) -> None:
    torch.manual_seed(0)
    network = Network(kind, int(width)).eval()
    generator = np.random.default_rng(0)
    samples = [(generator.normal(size=(1, int(steps), INPUTS)).astype(np.float32),) for _ in range(32)]
    model = start.start(network, samples[0], input_names=("frames",))
    warm = start.start(nn.Linear(INPUTS, 2).eval(), samples[0], input_names=("frames",))
    to_tflite(warm.network, warm)  # the converter's own first time
    started = time.perf_counter()
    unrolled = form == "unrolled"
    content = to_tflite(network, model) if unrolled else to_recurrent(model, precision, form, samples)
    seconds = time.perf_counter() - started
    content, _ = shrink(content)
    Path(path).write_bytes(content)
    counts = operator_counts(read(content))
    everywhere = sum(len(graph.operators) for graph in read(content).subgraphs)
    with torch.inference_mode():
        wanted = [network(torch.from_numpy(sample[0])).numpy().tolist() for sample in samples[:1]]
    found = {"seconds": seconds, "bytes": len(content), "operators": sum(counts.values())}
    print(json.dumps({**found, "operators_with_loops": everywhere, "torch": wanted[0]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
