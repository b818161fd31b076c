"""One wrong weight in a network of 50 convolutions: does `convert --explain` name the operator that holds it?

The network's float .tflite file gets one weight changed at a time, in several layers, by amounts from just over
parity's tolerance (seen at the output) to the weight's sign. Each file is compared with the right file and with the
torch network. Right: the operator that is blamed is the one whose weight was changed. `--layers 25` asks for less.
"""

import time
from typing import Any

import numpy as np
import torch
from figures import out_argument, write_result
from torch import nn

from edgekit.compress import start
from edgekit.convert.explain import explain_files
from edgekit.convert.explain_torch import explain_torch
from edgekit.convert.explanation import Explanation
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.kept import Kept
from edgekit.convert.parity import FLOAT32_ERROR
from edgekit.tflite import read
from edgekit.tflite.patch import Patch

LAYERS = (1, 17, 25, 33, 49, 50)
CHANNELS, SIZE, SAMPLES = 6, 12, 8
OVER = (1.05, 2.0, 10.0, 100.0)
"""Errors at the output, in units of the tolerance, that a weight is changed for; besides them its sign is."""


class Deep(nn.Module):
    """50 convolutions with ReLU, every second pair around a shortcut, then a classifier."""

    def __init__(self) -> None:
        super().__init__()
        widths = [3] + [CHANNELS] * 50
        self.layers = nn.ModuleList(nn.Conv2d(widths[k], widths[k + 1], 3, padding=1) for k in range(50))
        self.head = nn.Linear(CHANNELS, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        held = x
        for place, layer in enumerate(self.layers):
            x = torch.relu(layer(x))
            if place % 4 == 0:
                held = x
            elif place % 4 == 2:
                x = x + held
        return self.head(x.mean(dim=(2, 3)))


def network() -> nn.Module:
    torch.manual_seed(0)
    net = Deep().eval()
    for layer in net.layers:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.normal_(layer.bias, std=0.1)
    with torch.no_grad():
        net.head.weight.normal_()
    return net


def output_error(content: bytes, right: np.ndarray, samples: list[Any]) -> float:
    """The largest error as a share of the output's range, as parity has it."""
    file = read(content)
    runs = Kept(content, file, "planted")
    got = np.stack([runs.values(sample, file.main.outputs)[file.main.outputs[0]] for sample in samples])
    return float(np.abs(got - right).max() / np.ptp(right))


def planted(content: bytes, operator: int, place: int, change: float) -> bytes:
    file = read(content)
    tensor = file.main.tensors[file.main.operators[operator].inputs[1]]
    patch = Patch(content)
    values = np.frombuffer(patch.values(tensor), dtype="<f4").copy()
    values[place] += np.float32(change)
    patch.set_values(tensor, values.tobytes())
    return patch.content()


def change_for(
    content: bytes, operator: int, place: int, wanted: float, right: np.ndarray, samples: list[Any]
) -> float:
    """The change of a weight that makes the output's error `wanted` (within 3 %), by halving intervals."""
    low, high = -9.0, 2.0
    for _ in range(40):
        middle = (low + high) / 2
        error = output_error(planted(content, operator, place, 10**middle), right, samples)
        if wanted <= error <= 1.03 * wanted:
            return 10**middle
        low, high = (middle, high) if error < wanted else (low, middle)
    return 10**high


def row(found: Explanation, operator: int, seconds: float) -> dict[str, Any]:
    return {
        "against": found.reference,
        "first": found.first,
        "blamed": found.blamed,
        "right": found.blamed == operator,
        "seconds": seconds,
        "sentence": found.sentence,
    }


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument("--layers", type=int, nargs="*", default=LAYERS, help="convolutions, counted from 1")
    arguments = parser.parse_args()
    net = network()
    generator = np.random.default_rng(0)
    inputs = [(generator.random((1, 3, SIZE, SIZE), dtype=np.float32),) for _ in range(SAMPLES)]
    laid = [(np.ascontiguousarray(np.moveaxis(sample[0], 1, -1)),) for sample in inputs]
    content = to_tflite(net, start.start(net, inputs[0], input_names=("image",), channels_last=(0,)))
    file = read(content)
    convolutions = [place for place, op in enumerate(file.main.operators) if op.name == "CONV_2D"]
    assert len(convolutions) == 50, len(convolutions)
    runs = Kept(content, file, "right")
    right = np.stack([runs.values(sample, file.main.outputs)[file.main.outputs[0]] for sample in laid])
    rows: list[dict[str, Any]] = []
    for layer in arguments.layers:
        operator = convolutions[layer - 1]
        tensor = file.main.tensors[file.main.operators[operator].inputs[1]]
        weights = np.frombuffer(Patch(content).values(tensor), dtype="<f4")
        place = int(np.abs(weights).argmax())
        changes = {
            f"{over:g} x the tolerance": change_for(content, operator, place, over * FLOAT32_ERROR, right, laid)
            for over in OVER
        }
        changes["sign"] = -2 * float(weights[place])
        for name, change in changes.items():
            wrong = planted(content, operator, place, change)
            planted_row = {
                "layer": layer,
                "operator": operator,
                "planted": name,
                "weight": float(weights[place]),
                "change": change,
                "output_error_of_range": output_error(wrong, right, laid),
            }
            started = time.perf_counter()
            by_file = explain_files(content, wrong, laid, precision="float32", titles=("the right file", "the file"))
            middle = time.perf_counter()
            by_torch = explain_torch(net, wrong, inputs, channels_last=(0,))
            ended = time.perf_counter()
            rows.append({**planted_row, **row(by_file, operator, middle - started)})
            rows.append({**planted_row, **row(by_torch, operator, ended - middle)})
    result = {
        "operators": len(file.main.operators),
        "samples": SAMPLES,
        "tolerance": FLOAT32_ERROR,
        "asked": len(rows),
        "right": sum(item["right"] for item in rows),
        "rows": rows,
    }
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
