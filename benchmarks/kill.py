"""kill -9 at random moments of `edgekit run digits-cnn`: does the next run complete with the same report?"""

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import ROOT, out_argument, write_result

PLAN = ["--launches", "2", "--min-seconds", "0.1"]
TIMING = {
    *("latency_ns", "invoke_ns", "throughput_hz", "comparison", "cautions", "created_utc", "series", "launches"),
    *("phases", "memory", "threads", "before", "after"),
}
"""Keys of a report that hold times, or what follows from them."""


def command(workspace: Path) -> list[str]:
    """One run of the demo's recipe."""
    words = [sys.executable, "-m", "edgekit", "run", "recipes/digits-cnn.toml", "--workspace", str(workspace)]
    return [*words, *PLAN, "--format", "json", "--quiet"]


def without_timing(value: Any) -> Any:
    """The report's data without times; a row that timing calls unstable is an ok one."""
    if isinstance(value, dict):
        kept = {key: without_timing(item) for key, item in value.items() if key not in TIMING}
        if kept.get("status") == "unstable":
            kept |= {"status": "ok", "reason": ""}
        return kept
    return [without_timing(item) for item in value] if isinstance(value, list) else value


def whole_run(workspace: Path) -> tuple[float, int, Any]:
    """Seconds, exit code, report without timing."""
    started = time.perf_counter()
    done = subprocess.run(command(workspace), cwd=ROOT, capture_output=True, text=True)
    report = without_timing(json.loads(done.stdout)) if done.stdout else None
    return time.perf_counter() - started, done.returncode, report


def killed(workspace: Path, seconds: float) -> bool:
    """Start a run and kill it after so long; whether it was still running."""
    child = subprocess.Popen(command(workspace), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        child.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return True


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument("--kills", type=int, default=20)
    arguments = parser.parse_args()
    generator = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        unbroken_seconds, code, unbroken = whole_run(Path(folder) / "unbroken")
        if code != 0:
            sys.exit(f"the unbroken run ended with code {code}")
        tries = []
        while sum(item["killed"] for item in tries) < arguments.kills:
            moment = generator.uniform(0.0, unbroken_seconds)
            workspace = Path(folder) / f"killed-{len(tries)}"
            was_killed = killed(workspace, moment)
            seconds, code, report = whole_run(workspace)
            same = report == unbroken
            tries.append(
                {"after_s": moment, "killed": was_killed, "next_s": seconds, "exit_code": code, "same_report": same}
            )
            print(tries[-1], file=sys.stderr, flush=True)
    write_result(arguments.out, {"unbroken_s": unbroken_seconds, "tries": tries})


if __name__ == "__main__":
    main()
