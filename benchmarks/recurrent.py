"""Forms of recurrent networks side by side: bytes, operators, memory, seconds of conversion, latency, accuracy.

python benchmarks/recurrent.py --out FILE [--smoke]. Every finished part lies in build/figures/recurrent: a run that was
cut off goes on. Latencies of the desktop: fresh processes in randomised blocks, paired. Latencies of the Android
library: its x86 build in a Java virtual machine on this computer, fresh processes in turns: they say that the file runs
there and which form the library itself is quicker with; they are no phone's. Memory: resident bytes that a fresh
process gains by opening the file and its first inference; beside it the arena that is planned from the file alone
(edgekit.tflite.arena), for the runtime does not tell its own.
"""

import dataclasses
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from figures import ROOT, out_argument, write_result
from scored import scored

from edgekit.pipeline import files
from edgekit.pipeline.forms import fastest
from edgekit.progress import Silent
from edgekit.report.build import compare
from edgekit.runner.engine import open_engine
from edgekit.runner.protocol import SamplePlan
from edgekit.tflite import read
from edgekit.tflite.arena import arena_bytes

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "recipes")]

LIMIT_SECONDS = 900
"""Of one conversion; one that takes longer is written down as that."""
FORMS = {"lstm": ("unrolled", "looped", "fused"), "gru": ("unrolled", "looped")}
PRECISIONS = {"looped": ("float32", "fp16", "int8-dynamic", "int8"), "fused": ("float32", "fp16", "int8-dynamic")}
INVOCATIONS = 100
RECIPES = {"vowels-rnn": ("looped",), "digits-speech-rnn": ("looped", "fused")}


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is measured."""

    steps: tuple[int, ...] = (8, 29, 64, 256)
    widths: tuple[int, ...] = (32, 128)
    launches: int = 7
    min_seconds: float = 1.0
    blocks: int = 5
    runs: int = 400
    recipes: bool = True


SMOKE = Scale(steps=(8, 64), widths=(32,), launches=3, min_seconds=0.05, blocks=2, runs=20, recipes=False)


class Kept:
    """Parts of the result by name, one JSON file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, name: str, made: Callable[[], Any]) -> Any:
        path = self.folder / f"{name}.json"
        if not path.exists():
            value = made()
            temporary = path.with_suffix(".tmp")
            temporary.write_text(json.dumps(value))
            temporary.replace(path)
        print(f"{name}: {path.read_text()[:300]}", flush=True)
        return json.loads(path.read_text())


def convert(kept: Kept, kind: str, width: int, steps: int, form: str, precision: str = "float32") -> dict[str, Any]:
    """The file's facts; its bytes lie beside them."""
    name = f"{kind}-{width}-{steps}-{form}-{precision}"
    words = (kind, str(width), str(steps), form, precision, str(kept.folder / f"{name}.tflite"))

    def made() -> dict[str, Any]:
        command = [sys.executable, str(ROOT / "benchmarks" / "recurrent_files.py"), *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, cwd=ROOT)
        except subprocess.TimeoutExpired:
            return {"reason": f"not converted within {LIMIT_SECONDS} s"}
        if done.returncode:
            return {"reason": " ".join(done.stderr.split())[-300:]}
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {**found, "file": f"{name}.tflite"}

    return {"form": form, "precision": precision, **kept(name, made)}


def repeated(path: Path, wanted: Any) -> dict[str, Any]:
    """Outputs of invocations 1 and 100 of one interpreter on one input, and the first one's distance from torch's."""
    engine = open_engine("litert", path, delegate="cpu", threads=1)
    shape = engine.inputs[0].shape
    frames = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    outputs = []
    for _ in range(INVOCATIONS):
        engine.copy_in((frames,))
        engine.invoke()
        outputs.append(np.array(engine.read_out()[0]))
    error = float(np.abs(outputs[0] - np.array(wanted)).max())
    return {"equal_1_and_100": bool(np.array_equal(outputs[0], outputs[-1])), "error_to_torch": error}


def desktop(paths: dict[str, Path], scale: Scale) -> dict[str, Any]:
    """Form -> latency and memory on desktop:cpu, from one series; which is the fastest, and by how much it is."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = files.bench(
            list(paths.values()),
            targets=["desktop:cpu"],
            workspace=Path(folder),
            serial="",
            pythons={},
            threads=1,
            launches=scale.launches,
            min_seconds=scale.min_seconds,
            seed=0,
            progress=Silent(),
            say=lambda text: None,
        )
    rows = outcome.report.rows
    best = fastest(rows)
    found: dict[str, Any] = {"auto": ""}
    for form, row in zip(paths, rows, strict=True):
        memory = row.measurement.memory if row.measurement else None
        resident = (memory.first_bytes, memory.start_bytes) if memory else (None, None)
        ratio = compare(row.measurement, best.measurement) if best and row.measurement and best.measurement else None
        found[form] = {
            "status": row.status,
            "latency_us": row.latency_ns.value / 1e3 if row.latency_ns else None,
            "resident_bytes": resident[0] - resident[1] if None not in resident else None,  # type: ignore[operator]
            "fastest_is_faster_by": dataclasses.asdict(ratio.ratio) if ratio and row is not best else None,
        }
        if row is best:
            found["auto"] = form
    return found


def android(paths: dict[str, Path], scale: Scale) -> dict[str, Any]:
    """Form -> median latency in the Android library's x86 build, and whether its outputs are the desktop's."""
    import test_android_library as library

    from edgekit.runner.batch import run_batch
    from edgekit.tflite import read_file

    medians: dict[str, list[float]] = {form: [] for form in paths}
    errors: dict[str, float] = {}
    library.DELEGATES = (("cpu", 1),)
    order = random.Random(0)
    for _ in range(scale.blocks):
        for form in order.sample(list(paths), len(paths)):
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                job, arrays = library.job_for(folder, paths[form], read(read_file(paths[form])))
                plan = SamplePlan(min_runs=scale.runs, min_ns=0, max_runs=scale.runs)
                job = dataclasses.replace(
                    job, cases=tuple(dataclasses.replace(case, samples=plan) for case in job.cases)
                )
                (case,) = library.launch(unpacked(), folder, job).cases
                if case.status != "ok":
                    raise SystemExit(f"{paths[form].name}: {case.status}, {case.reason}")
                medians[form].append(statistics.median(case.samples.latency_ns) / 1e3)
                content = (folder / "answer" / case.outputs[0].data.file).read_bytes()
                (wanted,) = run_batch(paths[form], arrays).raw
                got = np.frombuffer(content, wanted.dtype).reshape(wanted.shape)
                errors[form] = max(errors.get(form, 0.0), float(np.abs(got - wanted).max()))
    found: dict[str, Any] = {
        form: {"latency_us": statistics.median(medians[form]), "error_to_desktop": errors[form]} for form in paths
    }
    return {"auto": min(paths, key=lambda form: found[form]["latency_us"]), **found}


_UNPACKED: list[str] = []


def unpacked() -> str:
    """The app's classes and libraries, out of the built APK."""
    if not _UNPACKED:
        from android_app import RUNNER, built_apk

        sys.path.insert(0, str(RUNNER / "device"))
        from phone.apk import read as read_apk

        _UNPACKED.append(str(read_apk(built_apk(), Path(tempfile.mkdtemp()), "base.apk").folder))
    return _UNPACKED[0]


def arena(path: Path | None) -> dict[str, int]:
    """What a runtime plans for the values of the graph, without a delegate."""
    return {} if path is None else {"arena_bytes": arena_bytes(read(path.read_bytes()))}


def network_row(kept: Kept, kind: str, width: int, steps: int, scale: Scale) -> dict[str, Any]:
    """Every form of one network."""
    forms = [convert(kept, kind, width, steps, form) for form in FORMS[kind]]
    paths = {item["form"]: kept.folder / item["file"] for item in forms if "file" in item}
    name = f"{kind}-{width}-{steps}"
    again = {
        item["form"]: kept(
            f"{name}-{item['form']}-again", lambda item=item: repeated(paths[item["form"]], item["torch"])
        )
        for item in forms
        if "file" in item
    }
    return {
        "kind": kind,
        "width": width,
        "steps": steps,
        "forms": [
            {key: value for key, value in item.items() if key not in ("torch", "file")}
            | again.get(item["form"], {})
            | arena(paths.get(item["form"]))
            for item in forms
        ],
        "desktop": kept(f"{name}-desktop", lambda: desktop(paths, scale)),
        "android_library_x86": kept(f"{name}-android", lambda: android(paths, scale)),
    }


def accuracy(kept: Kept, recipe: str, forms: tuple[str, ...], workspace: Path) -> dict[str, Any]:
    """Every precision and form of a recipe's trained network on its whole test split, with the recipe's own seed."""

    def made() -> dict[str, Any]:
        text = (ROOT / "recipes" / f"{recipe}.toml").read_text()
        variants = [("unrolled", precision) for precision in PRECISIONS["looped"]]
        variants += [(form, precision) for form in forms for precision in PRECISIONS[form]]
        head = re.split(r"(?m)^\[variants\.", text)[0].replace('baseline = "float32"', 'baseline = "unrolled-float32"')
        named = [
            f'[variants.{form}-{precision}]\nsteps = ["train"]\nprecision = "{precision}"\nrecurrent = "{form}"\n'
            for form, precision in variants
        ]
        path = kept.folder / f"{recipe}.toml"
        path.write_text("\n".join([head, *named]))
        found = scored(str(path), (), 0, workspace)
        return {
            "test_samples": found.samples,
            "accuracy": found.accuracy,
            "bytes": {name: item.size_bytes for name, item in found.artifacts.items()},
            "parity": {name: bool(item.parity and item.parity.passed) for name, item in found.artifacts.items()},
        }

    return {"recipe": recipe, **kept(f"recipe-{recipe}", made)}


def main() -> None:
    parser = out_argument(__doc__ or "")
    parser.add_argument("--smoke", action="store_true", help="two lengths, one width, few launches, no recipe")
    arguments = parser.parse_args()
    scale = SMOKE if arguments.smoke else Scale()
    kept = Kept(ROOT / "build" / "figures" / ("recurrent-smoke" if arguments.smoke else "recurrent"))
    started = time.monotonic()
    rows = [
        network_row(kept, kind, width, steps, scale)
        for kind in FORMS
        for width in scale.widths
        for steps in scale.steps
    ]
    sizes = [
        {"kind": kind, "width": width, "steps": scale.steps[-1]}
        | {key: value for key, value in item.items() if key not in ("torch", "file")}
        for kind in FORMS
        for width in scale.widths
        for form in FORMS[kind][1:]
        for precision in PRECISIONS[form]
        for item in [convert(kept, kind, width, scale.steps[-1], form, precision)]
    ]
    workspace = ROOT / "build" / "figures" / "workspace"
    recipes = [accuracy(kept, name, forms, workspace) for name, forms in RECIPES.items()] if scale.recipes else []
    result = {"rows": rows, "precisions": sizes, "recipes": recipes, "seconds": time.monotonic() - started}
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
