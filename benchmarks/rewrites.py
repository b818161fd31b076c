"""What each rewrite of `edgekit convert --for` gains: nodes that the delegate leaves behind, before and after it.

Files: every recipe's float32 network (untrained: what is rewritten depends on shapes alone), MobileNetV2, three small
networks of other shapes (rewrites_networks.py), and the .tflite files of four packages. Coverage is the forecast
(edgekit.delegates); the error is the largest difference on seeded inputs that the applier saw. `--kept`: a folder whose
NAME-float32.tflite are taken instead of converting anew. `--rows`: a file that rows are added to as they are made, and
taken from when it is resumed. Without --out: the tables of docs/rewrites.md.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from figures import ROOT, write_result

RECIPES = (
    *("digits-cnn", "fashion-cnn", "fashion-resnet20", "efficientnet-lite0"),
    *("vowels-rnn", "digits-speech-rnn", "snippets-transformer"),
)
NETWORKS = ("mobilenet-v2", "shuffle", "convnext", "vision-transformer")
RESULT = ROOT / "docs" / "figures" / "conversion" / "rewrites.json"


def recipe_file(name: str) -> bytes:
    """The recipe's float32 file as litert-torch makes it."""
    from edgekit.convert.from_torch import to_tflite
    from edgekit.pipeline.models import Models
    from edgekit.pipeline.session import open_session
    from edgekit.progress import Silent

    with TemporaryDirectory() as folder:
        session = open_session(name, Path(folder), progress=Silent(), say=lambda text: None)
        model = Models(session).get(())
        return to_tflite(model.network, model)


def network_file(name: str) -> bytes:
    """One of NETWORKS, converted."""
    import mobilenet_v2
    import rewrites_networks

    from edgekit.convert.from_torch import to_tflite

    make: Callable[[], Any] = {
        "mobilenet-v2": mobilenet_v2.mobilenet_v2,
        "shuffle": rewrites_networks.shuffle,
        "convnext": rewrites_networks.convnext,
        "vision-transformer": rewrites_networks.vision_transformer,
    }[name]
    model = make()
    return to_tflite(model.network, model)


def files(names: list[str], kept: Path | None) -> Iterator[tuple[str, bytes]]:
    """(name, content); the packages' files where no name is given."""
    for name in names or (*RECIPES, *NETWORKS):
        lying = None if kept is None else kept / f"{name}-float32.tflite"
        if lying is not None and lying.exists():
            yield name, lying.read_bytes()
        else:
            yield name, network_file(name) if name in NETWORKS else recipe_file(name)
    if not names:
        from real_files import packaged

        yield from packaged().items()


def row(name: str, content: bytes, goal: str) -> dict[str, Any]:
    """One file for one goal: the whole, and each rewrite as it was applied."""
    from edgekit.convert.rewrites import apply
    from edgekit.errors import ConvertError
    from edgekit.pipeline.rewriting import count

    steps: dict[str, dict[str, Any]] = {}

    def told(held: bytes) -> dict[str, Any]:
        found = count(held, goal)
        return {
            "nodes": found.total,
            "left": found.total - found.taken,
            "partitions": found.partitions,
            "macs_share": None if found.macs_share is None else round(found.macs_share, 4),
        }

    def watch(rewrite: str, before: bytes, after: bytes) -> None:
        old, new = told(before), told(after)
        step = steps.setdefault(rewrite, {"nodes": 0, "left": 0})
        step["nodes"] += new["nodes"] - old["nodes"]
        step["left"] += new["left"] - old["left"]

    before = told(content)
    try:
        after, applied = apply(content, goal, watch=watch)
    except ConvertError as error:
        return {"file": name, "goal": goal, "refused": error.message}
    for item in applied:
        steps.setdefault(item.rewrite, {"nodes": 0, "left": 0})
        steps[item.rewrite] |= {"places": item.count, "error": item.error, "kept": item.kept}
    found = {"file": name, "goal": goal, "before": before, "after": told(after), "rewrites": steps}
    print(json.dumps(found), flush=True)
    return found


def summed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By goal and rewrite, over all files: places, nodes saved, nodes no longer left behind, largest error."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for held in rows:
        for name, step in held.get("rewrites", {}).items():
            key = (held["goal"], name)
            line = found.setdefault(
                key, {"goal": key[0], "rewrite": name, "files": 0, "places": 0, "nodes": 0, "left": 0, "error": 0.0}
            )
            line["files"] += 1
            line["places"] += step["places"]
            line["nodes"] += step["nodes"]
            line["left"] += step["left"]
            line["error"] = max(line["error"], step["error"])
            line["refused"] = line.get("refused", 0) + (not step["kept"])
    return sorted(found.values(), key=lambda line: (line["goal"], line["left"], line["nodes"]))


def tables(result: dict[str, Any]) -> str:
    """The tables of docs/rewrites.md."""
    lines = ["| file | for | nodes | left behind | kernels | share of MACs |", "|---|---|---|---|---|---|"]
    for held in result["rows"]:
        if "refused" in held or not held["rewrites"]:
            continue
        before, after = held["before"], held["after"]
        shares = " → ".join("-" if s is None else f"{s:.0%}" for s in (before["macs_share"], after["macs_share"]))
        lines.append(
            f"| {held['file']} | {held['goal']} | {before['nodes']} → {after['nodes']} "
            f"| {before['left']} → {after['left']} | {before['partitions']} → {after['partitions']} | {shares} |"
        )
    lines += [
        "",
        "| for | rewrite | files | places | nodes | left behind | largest error |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {line['goal']} | `{line['rewrite']}` | {line['files']} | {line['places']} | {line['nodes']:+d} "
        f"| {line['left']:+d} | {line['error']:.1g} |"
        for line in result["by_rewrite"]
    ]
    untouched = sorted(
        {held["file"] for held in result["rows"]} - {h["file"] for h in result["rows"] if h.get("rewrites")}
    )
    return "\n".join([*lines, "", f"Nothing to do for any goal: {', '.join(untouched)}."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", help="the result file to write; without it the tables of the last one are printed")
    parser.add_argument("--files", nargs="+", default=[], choices=[*RECIPES, *NETWORKS], metavar="NAME")
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--rows", type=Path)
    arguments = parser.parse_args()
    if not arguments.out:
        sys.stdout.write(tables(json.loads(RESULT.read_text())) + "\n")
        return
    from edgekit.convert.rewrites import REWRITES

    made = arguments.rows
    lines = made.read_text().splitlines() if made is not None and made.exists() else []
    rows = {(held["file"], held["goal"]): held for held in map(json.loads, lines)}
    for name, content in files(arguments.files, arguments.kept):
        for goal in REWRITES:
            if (name, goal) not in rows:
                rows[name, goal] = row(name, content, goal)
                if made is not None:
                    with made.open("a") as file:
                        file.write(json.dumps(rows[name, goal]) + "\n")
    write_result(arguments.out, {"rows": [*rows.values()], "by_rewrite": summed([*rows.values()])})


if __name__ == "__main__":
    main()
