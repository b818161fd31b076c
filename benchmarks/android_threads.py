"""Threads asked for and seen in the app on the Android-like device, cpu and cpu-default, in interleaved blocks.

The medians are of the same code and library as on a phone, on this computer: only their ratios are kept, to say whether
a second thread did work.
"""

import random
import statistics
import tempfile
import uuid
from pathlib import Path

import numpy as np
import torch
from android_device import running
from figures import out_argument, write_result
from torch import nn

from edgekit import __version__
from edgekit.compress import start
from edgekit.convert.from_torch import to_tflite
from edgekit.device.adb import sha256_of
from edgekit.runner.protocol import Case, FileRef, InputData, Job, SamplePlan
from edgekit.target import TargetSpec
from edgekit.targets import open_target

BLOCKS = 9
CONFIGURATIONS = [(delegate, threads) for delegate in ("cpu", "cpu-default") for threads in (1, 2)]


def reference(path: Path, name: str) -> FileRef:
    """A file of the job."""
    return FileRef(file=name, sha256=sha256_of(path), size_bytes=path.stat().st_size)


def network(folder: Path) -> dict[str, Path]:
    """A few convolutions, some milliseconds each: enough work for two threads."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 48, 3, padding=1), nn.ReLU()]
    layers += [layer for _ in range(4) for layer in (nn.Conv2d(48, 48, 3, padding=1), nn.ReLU())]
    module = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 10)).eval()
    image = np.random.default_rng(0).random((1, 3, 64, 64)).astype(np.float32)
    model = start.start(module, (image,), input_names=("image",), channels_last=(0,))
    files = {"models/net.tflite": folder / "net.tflite", "inputs/image.bin": folder / "image.bin"}
    files["models/net.tflite"].write_bytes(to_tflite(module, model))
    files["inputs/image.bin"].write_bytes(np.ascontiguousarray(np.moveaxis(image, 1, -1)).tobytes())
    return files


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    seen: dict[str, list[dict[str, float]]] = {f"{delegate} {threads}": [] for delegate, threads in CONFIGURATIONS}
    generator = random.Random(0)
    with running() as device, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = network(folder)
        image = InputData(
            name="image",
            data=reference(files["inputs/image.bin"], "inputs/image.bin"),
            dtype="float32",
            shape=(1, 64, 64, 3),
            count=1,
        )
        targets = {
            delegate: open_target(TargetSpec(kind="android", address=device.serial, delegate=delegate))
            for delegate in ("cpu", "cpu-default")
        }
        for _ in range(BLOCKS):
            for delegate, threads in generator.sample(CONFIGURATIONS, len(CONFIGURATIONS)):
                case = Case(
                    id="c0",
                    artifact=reference(files["models/net.tflite"], "models/net.tflite"),
                    delegate=delegate,
                    threads=threads,
                    inputs=(image,),
                    samples=SamplePlan(min_runs=50, min_ns=500_000_000),
                )
                job = Job(id=uuid.uuid4().hex[:12], edgekit=__version__, cases=(case,))
                (result,) = targets[delegate].run(job, files, folder / "answer").cases
                assert result.status == "ok", result.reason
                seen[f"{delegate} {threads}"].append(
                    {
                        "before": result.threads.seen_before or 0,
                        "after": result.threads.seen_after or 0,
                        "median_ns": statistics.median(result.samples.latency_ns),
                    }
                )
        for target in targets.values():
            target.close()
    ratios = {
        delegate: [
            one["median_ns"] / two["median_ns"]
            for one, two in zip(seen[f"{delegate} 1"], seen[f"{delegate} 2"], strict=True)
        ]
        for delegate in ("cpu", "cpu-default")
    }
    made = {name: sorted({int(launch["after"] - launch["before"]) for launch in all_}) for name, all_ in seen.items()}
    write_result(arguments.out, {"blocks": BLOCKS, "threads_made": made, "one_over_two_threads": ratios})


if __name__ == "__main__":
    main()
