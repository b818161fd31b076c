"""The GPU delegate's forecast against TensorFlow's own analyzer and against the delegate itself.

Files: one operator each (one_operator.py), every recipe's network in four precisions (dead_weight.py, untrained), and
the .tflite files of four packages. Asked: the analyzer of a TensorFlow that still analyzes (`--analyzer`: its Python;
2.16.1 is the app's version; from 2.19 at the latest on it calls every file compatible), and the GPU delegate of the
Android library 2.16.1, which chooses its nodes before it looks for a GPU (`make` in android_runner leaves it unpacked).
The analyzer asks what gpu_compatibility.cc asks; the delegate asks more, so each is compared with the rules it has.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dead_weight
from figures import out_argument, write_result
from one_operator import cases
from real_files import packaged

from edgekit.convert.shrink import shrink
from edgekit.delegates import gpu, gpu_rules
from edgekit.delegates.rules import Around, Node, Refused
from edgekit.pipeline.session import open_session
from edgekit.progress import Silent
from edgekit.tflite import read

HERE = Path(__file__).resolve().parent


def recipes(names: tuple[str, ...], kept: Path | None) -> dict[str, bytes]:
    """Every recipe's network in four precisions, from `kept` where they lie there."""
    dead_weight.TRAINED = ()
    found = {}
    for name in names:
        lying = sorted(kept.glob(f"{name}-*.tflite")) if kept else []
        if lying:
            found |= {file.stem: file.read_bytes() for file in lying}
            continue
        with TemporaryDirectory() as folder:
            session = open_session(name, Path(folder), progress=Silent(), say=lambda text: None)
            made = {
                f"{name}-{kind}": shrink(content)[0] for kind, content in dead_weight.files_of(name, session).items()
            }
        found |= made
        for file, content in made.items() if kept else ():
            (kept or Path()).joinpath(f"{file}.tflite").write_bytes(content)
    return found


def analyzer() -> str:
    """The interpreter of an environment with TensorFlow 2.16.1, made where it is not there yet."""
    folder = HERE.parent / "build" / "analyzer"
    words = ["scripts/environment.sh", "build/analyzer", "benchmarks/constraints-analyzer.txt"]
    subprocess.run(words, cwd=HERE.parent, check=True)
    return str(folder / "bin" / "python")


def analyzed(python: str, files: list[Path]) -> list[dict[str, Any]]:
    """One answer a file."""
    command = [python, str(HERE / "analyzer_child.py"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def delegated(kind: str, files: list[Path], target: Path, **environment: str) -> list[list[str]]:
    """The delegate's log a file."""
    assert (target / "aar").is_dir(), f"{target} is not made: make test builds it"
    command = [sys.executable, str(HERE / "delegate_child.py"), kind, str(target / "aar"), *map(str, files)]
    libraries = ":".join(filter(None, (str(target / "shim/lib"), environment.pop("libraries", ""))))
    given = {**os.environ, "LD_LIBRARY_PATH": libraries, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=given, check=True)
    return [json.loads(line)["lines"] for line in done.stdout.splitlines()]


def taken_in(lines: list[str]) -> int | None:
    """Nodes that the delegate took; None where the log does not say."""
    text = "\n".join(lines)
    if found := re.search(r"Replacing (\d+) out of", text):
        return int(found[1])
    return 0 if "Created 0 GPU delegate kernels" in text or "dynamic-sized tensors" in text else None


def asked_alike(around: Around, index: int) -> str | None:
    """The analyzer's question of a node: what the operator itself needs; it does not see through a DEQUANTIZE."""
    plain = Around(around.model, around.graph)
    plain.half = {}
    try:
        gpu_rules.check_operator(Node(plain, index))
    except Refused as error:
        return None if "OperationParser::IsSupported" in error.source else error.rule
    return None


def compare(name: str, content: bytes, answer: dict[str, Any], logs: list[list[str]]) -> dict[str, Any]:
    """One file: per node against the analyzer; nodes in one group and in any number against the delegate."""
    model = read(content)
    around = Around(model, model.main)
    offered, forecast = gpu.judge(model, model.main), gpu.predict(model)
    found: dict[str, Any] = {"file": name, "nodes": len(offered), "operators": Counter(), "alike": 0, "differences": []}
    for node in around.nodes():
        warned = answer["nodes"].get(str(node.index))
        refusal = offered[node.index]
        found["operators"][node.name] += 1
        if (warned is None) == (refusal is None):
            found["alike"] += 1
        else:
            alike = (asked_alike(around, node.index) is None) == (warned is None)
            rule = refusal.rule if refusal else ""
            found["differences"].append(
                {"node": node.index, "operator": node.name, "analyzer": warned or "taken", "forecast": rule or "taken"}
                | {"source": refusal.source if refusal else gpu.HELPER, "only_the_delegate_asks": alike}
            )
    any_groups, one_group = (taken_in(lines) for lines in logs)
    wanted = sum(refusal is None for refusal in offered)
    broken = any("the delegate fails on node" in note for note in forecast.notes)
    gave_up = any("TfLiteGpuDelegate Init" in line and "EGL" not in line for line in logs[0])
    found["delegate"] = {
        "offered": wanted,
        "taken_in_any_groups": any_groups,
        "taken_in_one_group": one_group,
        "forecast_in_one_group": None if broken else forecast.taken,
        "fails_to_build": gave_up,
        "forecast_fails_to_build": broken,
    }
    return found


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument(
        "--analyzer",
        default=None,
        metavar="PYTHON",
        help="of an environment with TensorFlow 2.16.1, instead of build/analyzer",
    )
    target = HERE.parent / "android_runner/target"
    parser.add_argument("--target", type=Path, default=target, help="where the Android libraries lie unpacked")
    parser.add_argument(
        "--recipes", nargs="*", default=dead_weight.RECIPES, choices=dead_weight.RECIPES, metavar="NAME"
    )
    parser.add_argument(
        "--files", type=Path, metavar="FOLDER", help="keep the recipes' files there, and take them from there"
    )
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="write what was answered, for tests without either"
    )
    arguments = parser.parse_args()
    sets = {
        "one operator": dict(cases()),
        "recipes": recipes(tuple(arguments.recipes), arguments.files),
        "packages": packaged(),
    }
    rows = []
    for name, files in sets.items():
        with TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{number:04d}.tflite" for number in range(len(files))]
            for path, content in zip(paths, files.values(), strict=True):
                path.write_bytes(content)
            answers = analyzed(arguments.analyzer or analyzer(), paths)
            target = arguments.target
            groups = [delegated("gpu", paths, target, MOST_GROUPS=most) for most in ("1000", "1")]
            logs = list(zip(*groups, strict=True))
        made = [
            compare(file, content, answer, list(log)) | {"set": name}
            for (file, content), answer, log in zip(files.items(), answers, logs, strict=True)
        ]
        rows += made
        if name == "one operator" and arguments.answers:
            arguments.answers.write_text(recorded(files, answers, [log[0] for log in logs]))
        print(name, {k: v for k, v in summary(made).items() if isinstance(v, int | float)}, flush=True)
    write_result(
        arguments.out,
        {
            "analyzer": answers[0]["version"],
            "delegate": gpu.RUNTIME,
            "summary": {name: summary([row for row in rows if row["set"] == name]) for name in sets},
            "operators": by_operator(rows),
            "differences": differences(rows),
            "files": [
                {key: value for key, value in row.items() if key not in ("operators", "differences")}
                for row in rows
                if row["set"] != "one operator"
            ],
        },
    )


def recorded(files: dict[str, bytes], answers: list[dict[str, Any]], logs: list[list[str]]) -> str:
    """One line a file: nodes that the analyzer warns of, and how many the delegate takes (null: not prepared)."""
    lines = [
        f"    {json.dumps(name)}: {json.dumps([sorted(map(int, answer['nodes'])), taken_in(log)])}"
        for name, answer, log in zip(files, answers, logs, strict=True)
    ]
    return f'{{\n  "analyzer": "{answers[0]["version"]}",\n  "files": {{\n' + ",\n".join(lines) + "\n  }\n}\n"


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Nodes alike and files alike."""
    nodes = sum(row["nodes"] for row in rows)
    alike = sum(row["alike"] for row in rows)
    asked = alike + sum(d["only_the_delegate_asks"] for row in rows for d in row["differences"])
    said = [row for row in rows if row["delegate"]["taken_in_any_groups"] is not None]
    same = sum(_same(row["delegate"]) for row in said)
    return {
        "files": len(rows),
        "nodes": nodes,
        "as_the_analyzer": alike,
        "as_the_analyzer_share": round(alike / nodes, 4),
        "as_the_analyzer_in_what_it_asks_share": round(asked / nodes, 4),
        "files_the_delegate_judged": len(said),
        "files_as_the_delegate": same,
        "files_as_the_delegate_share": round(same / len(said), 4) if said else None,
        "files_differing (SPLIT: this computer has no OpenCL)": [
            row["file"] for row in said if not _same(row["delegate"])
        ],
        "files_the_library_does_not_prepare": [row["file"] for row in rows if row not in said],
    }


def _same(found: dict[str, Any]) -> bool:
    whole = found["offered"] == found["taken_in_any_groups"]
    built = found["fails_to_build"] == found["forecast_fails_to_build"]
    return bool(whole and built and found["forecast_in_one_group"] in (None, found["taken_in_one_group"]))


def by_operator(rows: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Operator -> nodes, and how many of them the forecast and the analyzer judge alike."""
    total: Counter[str] = sum((row["operators"] for row in rows), Counter())
    apart = Counter(found["operator"] for row in rows for found in row["differences"])
    return {name: {"nodes": count, "alike": count - apart[name]} for name, count in sorted(total.items())}


def differences(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each kind of difference once, with how often it occurs and where first."""
    kinds: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        for found in row["differences"]:
            key = (found["operator"], found["analyzer"], found["forecast"], found["source"])
            kept = kinds.setdefault(key, {**found, "times": 0, "first_in": row["file"]})
            kept["times"] += 1
    return [{key: value for key, value in kind.items() if key != "node"} for kind in kinds.values()]


if __name__ == "__main__":
    main()
