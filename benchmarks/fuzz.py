"""Hostile inputs for every parser: python benchmarks/fuzz.py --out FILE [--inputs N] [--seed N] [--only NAME]

Each parser runs in a child process of its own, whose address space is limited; two run at a time. The inputs are those
of tests/fuzzing, from one seed. A hang is an input that took longer than a second twice.
"""

import argparse
import json
import os
import resource
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from figures import ROOT, out_argument, write_result

sys.path.insert(0, str(ROOT / "tests"))

from fuzzing.drive import drive
from fuzzing.parsers import PARSERS

from edgekit.progress import for_stderr

INPUTS = 20_000
SEED = 20250607
AT_ONCE = 2
ADDRESS_SPACE = 2 << 30
"""Bytes that a child may map beyond what it has at its start."""
SILENT_S = 120.0
"""A child that says nothing for so long hangs where no alarm reaches it."""


def child(name: str, inputs: int, seed: int) -> None:
    """One parser; a line of JSON after every 200 inputs, the last one with all counts."""
    parser = PARSERS[name]()
    limit = _status_bytes("VmSize") + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    baseline = _peak()
    started = time.monotonic()
    counts = drive(parser, inputs, seed, lambda done: print(json.dumps({"done": done}), flush=True))
    result = {
        "inputs": counts.inputs,
        "crashes": counts.crashes,
        "hangs": counts.hangs,
        "peak_rss_bytes": _peak(),
        "baseline_rss_bytes": baseline,
        "seconds": round(time.monotonic() - started, 1),
        "accepted": counts.accepted,
        "refused": counts.refused,
        "examples": [[problem, content[:500].hex()] for problem, content in counts.examples],
    }
    print(json.dumps(result), flush=True)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _status_bytes(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def start(name: str, inputs: int, seed: int) -> "subprocess.Popen[bytes]":
    words = [sys.executable, __file__, "--child", name, "--inputs", str(inputs), "--seed", str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(words, stdout=subprocess.PIPE, env=environment)


def run_all(names: list[str], inputs: int, seed: int) -> dict[str, Any]:
    """Name -> its result; a child that ended, or hung, without one has `inputs` done so far and one crash or hang."""
    waiting, results = list(names), {}
    watched = selectors.DefaultSelector()
    with for_stderr().task("inputs", inputs * len(names)) as tick:
        while waiting or watched.get_map():
            while waiting and len(watched.get_map()) < AT_ONCE:
                name = waiting.pop(0)
                process = start(name, inputs, seed)
                state = {"name": name, "process": process, "done": 0, "heard": time.monotonic()}
                watched.register(process.stdout, selectors.EVENT_READ, state)
            for key, _ in watched.select(timeout=1.0):
                state, line = key.data, key.fileobj.readline()
                state["heard"] = time.monotonic()
                found = json.loads(line) if line else {}
                if "done" in found:
                    tick(found["done"] - state["done"], state["name"])
                    state["done"] = found["done"]
                    continue
                results[state["name"]] = found or _lost(state, "crashes")
                _end(watched, state)
            for key in tuple(watched.get_map().values()):
                if time.monotonic() - key.data["heard"] > SILENT_S:
                    results[key.data["name"]] = _lost(key.data, "hangs")
                    _end(watched, key.data)
    return {name: results[name] for name in names}


def _lost(state: dict[str, Any], how: str) -> dict[str, Any]:
    return {"inputs": state["done"], "crashes": 0, "hangs": 0, how: 1, "examples": []}


def _end(watched: selectors.BaseSelector, state: dict[str, Any]) -> None:
    watched.unregister(state["process"].stdout)
    state["process"].stdout.close()
    state["process"].kill()
    state["process"].wait()


def main() -> None:
    if "--child" in sys.argv:
        parser = argparse.ArgumentParser()
        parser.add_argument("--child")
    else:
        parser = out_argument("Hostile inputs for every parser.")
        parser.add_argument("--only", choices=PARSERS, help="this parser alone")
    parser.add_argument("--inputs", type=int, default=INPUTS, help="for each parser")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    if "--child" in sys.argv:
        child(arguments.child, arguments.inputs, arguments.seed)
        return
    names = [arguments.only] if arguments.only else list(PARSERS)
    results = run_all(names, arguments.inputs, arguments.seed)
    for name, found in results.items():
        print(f"{name:<24}{found['inputs']:>7} inputs, {found['crashes']} crashes, {found['hangs']} hangs", end="")
        if "peak_rss_bytes" in found:
            over = (found["peak_rss_bytes"] - found["baseline_rss_bytes"]) / 1e6
            print(f", {over:.1f} MB over {found['baseline_rss_bytes'] / 1e6:.0f}, {found['seconds']:.0f} s", end="")
        print()
    write_result(arguments.out, {"seed": arguments.seed, "parsers": results})


if __name__ == "__main__":
    main()
