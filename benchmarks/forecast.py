"""Nodes that XNNPACK's forecast says are taken, beside those that the prepared interpreter has really given it.

Files: every recipe's network in every precision (untrained, but for digits-cnn: what is taken depends on shapes and
types alone), real .tflite files out of pinned packages, and some 1800 files of one operator or a few
(tests/operator_files). Counted on the desktop by the interpreter's list of nodes; with --android by the log of the
Android library, which the app's build leaves in android_runner/target. A difference must have a rule that explains it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dead_weight import RECIPES, files_of
from figures import ROOT, out_argument, write_result

sys.path.insert(0, str(ROOT / "tests"))

import operator_files
from operator_files.counting import counted, visible
from real_files import packaged
from with_java import delegated

from edgekit.convert.shrink import shrink
from edgekit.delegates.xnnpack import LITERT, TFLITE_2_16_1, predict
from edgekit.errors import EdgekitError
from edgekit.pipeline.session import open_session
from edgekit.progress import Silent
from edgekit.tflite import read

TARGET = ROOT / "android_runner" / "target"
UNSEEN = (
    "the list of nodes does not show them: a kernel's nodes are found by walking back from its outputs, and nodes that "
    "only write variables lead to none"
)

Count = tuple[int, int]
"""(nodes taken, delegate kernels)."""


def row(group: str, name: str, content: bytes, got: Count | None, *, android: bool) -> dict[str, Any]:
    """One file on one runtime. `explained`: the rule, where the two numbers differ for a known reason."""
    model = read(content)
    found = predict(model, TFLITE_2_16_1 if android else LITERT)
    forecast = (found.taken, found.partitions)
    explained = ""
    if got is not None and forecast != got and not android and visible(model, found) == got:
        explained = UNSEEN
    return {
        "group": group,
        "file": name,
        "nodes": found.total,
        "forecast": forecast,
        "counted": got,
        "equal": None if got is None else forecast == got,
        "explained": explained,
        "macs_share": None if found.macs_share is None else round(found.macs_share, 4),
        "left": sorted({f"{n.operator}: {n.refusal.rule}" for n in found.nodes if n.refusal})[:5],
    }


def recipes(names: list[str]) -> Iterator[tuple[str, str, bytes]]:
    for name in names:
        with TemporaryDirectory() as folder:
            session = open_session(name, Path(folder), progress=Silent(), say=lambda text: None)
            for precision, content in files_of(name, session).items():
                yield "recipes", f"{name} {precision}", shrink(content)[0]


def real() -> Iterator[tuple[str, str, bytes]]:
    for name, content in packaged().items():
        yield "real files", name, content


def operators() -> Iterator[tuple[str, str, bytes]]:
    for name, content in operator_files.cases():
        yield "operators", name, content


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument("--recipes", nargs="*", default=list(RECIPES), choices=RECIPES, metavar="NAME")
    parser.add_argument("--android", action="store_true", help="count on the Android library too")
    arguments = parser.parse_args()
    files = [*recipes(arguments.recipes), *real(), *operators()]
    result: dict[str, Any] = {"desktop": _runtime(files, android=False)}
    if arguments.android:
        result["android"] = _runtime(files, android=True)
    write_result(arguments.out, result)
    sys.exit(0 if all(part["unexplained"] == 0 for part in result.values()) else 1)


def _runtime(files: list[tuple[str, str, bytes]], *, android: bool) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        if android:
            counts = delegated.counted([content for _, _, content in files], TARGET)
        else:
            counts = [counted(content, Path(folder)) for _, _, content in files]
    rows = [row(*file, count, android=android) for file, count in zip(files, counts, strict=True)]
    small = [item for item in rows if item["group"] == "operators"]
    shown = [item for item in rows if item["group"] != "operators" or item["equal"] is False]
    unexplained = [item for item in rows if item["equal"] is False and not item["explained"]]
    for item in shown:
        print("android" if android else "desktop", *item.values(), flush=True)
    return {
        "runtime": (TFLITE_2_16_1 if android else LITERT).runtime,
        "files": len(rows),
        "prepared": sum(item["equal"] is not None for item in rows),
        "equal": sum(item["equal"] is True for item in rows),
        "explained": sum(bool(item["explained"]) for item in rows),
        "unexplained": len(unexplained),
        "operator_files": {
            "files": len(small),
            "prepared": sum(item["equal"] is not None for item in small),
            "equal": sum(item["equal"] is True for item in small),
        },
        "rows": shown,
    }


if __name__ == "__main__":
    try:
        main()
    except EdgekitError as error:
        sys.exit(error.sentence)
