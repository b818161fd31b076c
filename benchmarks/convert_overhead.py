"""What `edgekit convert` adds to the bare converter on MobileNetV2: paired, alternating, in one process.

One side: litert_torch.convert and its file written. The other: the function that the command calls, with the same
network (looked at, converted, shrunk, run against its source on 8 samples, described by a side-car). Both have run once
before anything is timed, so that imports and caches are paid by neither.
"""

import time
import warnings
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import litert_torch
import torch
from figures import out_argument, write_result
from road_models import mobilenet_v2

from edgekit.pipeline.convert_file import Order, convert_file
from edgekit.runner.quiet import quiet

ASKED = 1.15


def bare(folder: Path) -> int:
    """As by hand: NHWC inputs, converted, written."""
    network = litert_torch.to_channel_last_io(mobilenet_v2(), args=[0])
    with quiet():
        litert_torch.convert(network.eval(), (torch.zeros(1, 224, 224, 3),)).export(str(folder / "bare.tflite"))
    return (folder / "bare.tflite").stat().st_size


def ours(folder: Path) -> int:
    order = Order(factory="road_models:mobilenet_v2", shapes=("1x3x224x224",), out=folder / "ours.tflite")
    made = convert_file(order, pythons={})
    assert made.artifact.parity is not None and made.artifact.parity.passed
    return made.artifact.size_bytes


def timed(side: Any, folder: Path) -> tuple[float, float, int]:
    """Seconds, seconds of processor (what other processes do counts less there), bytes."""
    started, used = time.perf_counter(), time.process_time()
    size = side(folder)
    return time.perf_counter() - started, time.process_time() - used, size


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    pairs = []
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for side in (bare, ours):
            side(folder)
        for number in range(arguments.pairs):
            sides = (bare, ours) if number % 2 == 0 else (ours, bare)
            found = {side.__name__: timed(side, folder) for side in sides}
            pairs.append(
                {
                    **{f"{name}_seconds": figures[0] for name, figures in found.items()},
                    **{f"{name}_cpu_seconds": figures[1] for name, figures in found.items()},
                }
            )
            print(pairs[-1], flush=True)
        sizes = {f"{name}_bytes": figures[2] for name, figures in found.items()}
    ratios = sorted(pair["ours_seconds"] / pair["bare_seconds"] for pair in pairs)
    of_cpu = median(pair["ours_cpu_seconds"] / pair["bare_cpu_seconds"] for pair in pairs)
    result = {"pairs": pairs, **sizes, "ratio_median": median(ratios), "ratio_largest": ratios[-1]}
    result |= {"cpu_ratio_median": of_cpu, "asked": ASKED}
    print(f"edgekit / bare: {median(ratios):.3f} (largest {ratios[-1]:.3f}; processor {of_cpu:.3f}), asked {ASKED}")
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
