"""The table model x road: what `edgekit convert` makes of real models, and the operator that stops the others.

Each row is one `edgekit convert` in a process of its own, as a person would start it; rows that are in the result file
already are kept (--fresh: made anew). --page writes the table into docs/conversion.md. light vgg19 ended for memory
where 23 GB were there.
EDGEKIT_PYTHON_TENSORFLOW names the Python of the roads through TensorFlow.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from figures import ROOT, write_result
from road_models import CASES, Case

from edgekit.convert.child.samples import random_inputs
from edgekit.runner.batch import run_batch
from edgekit.tflite import read

PAGE = ROOT / "docs" / "conversion.md"
BEGIN, END = "<!-- roads: begin -->", "<!-- roads: end -->"
SAME = {"basic-pitch": 8}
"""Models whose formats are run on the same seeded samples, and how many."""


def key(row: dict[str, Any]) -> tuple[str, str]:
    return row["model"], row["road"]


def command(case: Case, folder: Path, out: Path) -> list[str]:
    words = [sys.executable, "-m", "edgekit", "convert"]
    if case.file is not None:
        words.append(str(case.file(folder)))
    else:
        words += ["--factory", case.factory]
    if case.weights is not None:
        words += ["--weights", str(case.weights(folder))]
    for shape in case.shapes:
        words += ["--shape", shape]
    return [*words, "--out", str(out), "--format", "json", "--quiet"]


def made(case: Case, folder: Path, out: Path) -> dict[str, Any]:
    """One conversion's row; the .tflite stays at `out`."""
    words = command(case, folder, out)
    started = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parent)
    row: dict[str, Any] = {
        "model": case.model,
        "road": case.road,
        "origin": case.origin,
        "converts": done.returncode == 0,
        "expected": case.converts,
        "exit_code": done.returncode,
        "seconds": round(time.perf_counter() - started, 1),
    }
    if not Path(f"{out}.json").is_file():
        said = [line for line in done.stderr.splitlines() if line.startswith("edgekit: ")]
        row["reason"] = said[-1].removeprefix("edgekit: ") if said else done.stderr[-300:]
        return row
    content = out.read_bytes()
    file = read(content)
    artifact = json.loads(Path(f"{out}.json").read_text())
    counts = Counter(operator.name for graph in file.subgraphs for operator in graph.operators)
    row |= {
        "parity": {name: artifact["parity"][name] for name in ("passed", "measure", "value", "samples")},
        "constant_output": constant(out),
        "operators": sum(counts.values()),
        "kinds": len(counts),
        "bytes": len(content),
        "parameters": artifact["parameters"],
        "convert_seconds": round(artifact["lineage"]["seconds"].get("convert", 0.0), 1),
        "tools": artifact["lineage"]["tools"],
        "notes": artifact["lineage"]["notes"],
    }
    if done.returncode:
        row["reason"] = artifact["parity"]["reason"]
    return row


def constant(path: Path) -> bool:
    """Whether two different inputs give the same outputs."""
    return all(np.array_equal(array[: len(array) // 2], array[len(array) // 2 :]) for array in outputs_of(path, 2))


def outputs_of(path: Path, count: int) -> list[Any]:
    tensors = [read(path.read_bytes()).main.tensors[index] for index in read(path.read_bytes()).main.inputs]
    inputs = random_inputs([t.shape for t in tensors], [t.dtype for t in tensors], count, 1)
    return list(run_batch(path, inputs).floats())


def difference(first: list[Any], second: list[Any]) -> float:
    """The largest, with each output beside the one that it is nearest to: formats order them as they like."""

    def of(order: tuple[int, ...]) -> float:
        pairs = [(first[place], second[other]) for place, other in enumerate(order)]
        if any(a.shape != b.shape for a, b in pairs):
            return float("inf")
        return max(float(np.abs(a - b).max()) for a, b in pairs)

    return min(of(order) for order in permutations(range(len(second))))


def equal_formats(files: dict[tuple[str, str], Path]) -> list[dict[str, Any]]:
    found = []
    for model, count in SAME.items():
        roads = [road for name, road in files if name == model]
        outputs = {road: outputs_of(files[model, road], count) for road in roads}
        for place, road in enumerate(roads):
            found += [
                {
                    "model": model,
                    "roads": [road, other],
                    "samples": count,
                    "largest_difference": difference(outputs[road], outputs[other]),
                }
                for other in roads[place + 1 :]
            ]
    return found


def twins(files: dict[tuple[str, str], Path]) -> list[dict[str, Any]]:
    """fer's float network beside its quantized twin, on images of noise in 0..1."""
    float_file, quantized = files.get(("fer", "keras")), files.get(("fer quantized", "as-it-is"))
    if float_file is None or quantized is None:
        return []
    images = np.random.default_rng(0).random((64, 64, 64, 1), dtype=np.float32)
    sides = [run_batch(path, (images,)).floats()[0] for path in (float_file, quantized)]
    return [{"model": "fer", "samples": 64, "largest_difference": float(np.abs(sides[0] - sides[1]).max())}]


def table(result: dict[str, Any]) -> str:
    """Markdown, from the JSON alone."""
    lines = ["| model | road | converts | parity: largest error / range | operators (kinds) | bytes | seconds |"]
    lines.append("|---|---|---|---|---|---|---|")
    for row in result["rows"]:
        if "parity" not in row:
            lines.append(f"| {row['model']} | {row['road']} | no: {why(row['reason'])} | | | | {row['seconds']:.0f} |")
            continue
        parity = row["parity"]
        error = f"{parity['value']:.1e}" + (" (constant outputs)" if row["constant_output"] else "")
        lines.append(
            f"| {row['model']} | {row['road']} | {'yes' if row['converts'] else 'no: ' + row['reason']} | {error} "
            f"| {row['operators']} ({row['kinds']}) | {row['bytes']:,} | {row['seconds']:.0f} |"
        )
    for item in result["formats"]:
        lines += ["", f"{item['model']}, {' and '.join(item['roads'])}, on the same {item['samples']} samples: "]
        lines[-1] += f"outputs differ by at most {item['largest_difference']:.1e}."
    for item in result["twins"]:
        lines += [
            "",
            f"{item['model']} and its quantized twin, {item['samples']} images of noise: probabilities differ by ",
        ]
        lines[-1] += f"at most {item['largest_difference']:.3f}."
    machine = result["made"]
    lines += ["", f"Made {machine['utc']} on {machine['cpu']}, {machine['cores']} cores, shared: seconds are sizes."]
    return "\n".join(lines)


def why(reason: str) -> str:
    """The reason in one cell: without what a converter's log said last."""
    return reason.partition(": ?[")[0].partition(" | ")[0]


def write_page(result: dict[str, Any]) -> None:
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table(result)}\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=str(ROOT / "docs" / "figures" / "conversion" / "roads.json"))
    parser.add_argument("--only", default="", help="rows whose model holds this")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--page", action="store_true", help="write the table into docs/conversion.md and end")
    arguments = parser.parse_args()
    out = Path(arguments.out)
    held: dict[str, Any] = json.loads(out.read_text()) if out.is_file() else {"rows": [], "formats": [], "twins": []}
    if arguments.page:
        write_page(held)
        return
    kept = {key(row): row for row in held["rows"]}
    formats, pairs = held["formats"], held["twins"]
    with tempfile.TemporaryDirectory() as temporary:
        files = {}
        for number, case in enumerate(CASES):
            again = case.model in (*SAME, "fer", "fer quantized") and not formats  # their files are compared, too
            if arguments.only not in case.model or (not arguments.fresh and not again and key_of(case) in kept):
                continue
            folder = Path(temporary, str(number))
            folder.mkdir()
            path = folder / "made.tflite"
            kept[key_of(case)] = made(case, folder, path)
            if path.is_file():
                files[key_of(case)] = path
            print(json.dumps(kept[key_of(case)]), flush=True)
            if {name for name, _ in files} >= set(SAME):
                formats = equal_formats({place: file for place, file in files.items() if place[0] in SAME}) or formats
            pairs = twins(files) or pairs
            rows = [kept[key_of(item)] for item in CASES if key_of(item) in kept]
            write_result(str(out), {"rows": rows, "formats": formats, "twins": pairs})


def key_of(case: Case) -> tuple[str, str]:
    return case.model, case.road


if __name__ == "__main__":
    main()
