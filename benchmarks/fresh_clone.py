"""What a newcomer types in a fresh clone of HEAD: `make venv`, `make demo` twice, `make test`: seconds, exit codes.

uv has an empty cache of its own, so that every package is fetched; the cache of data packages is the user's.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import ROOT, out_argument, write_result


def made(target: str, clone: Path) -> dict[str, Any]:
    """`make TARGET` in the clone."""
    started = time.perf_counter()
    environment = {**os.environ, "UV_CACHE_DIR": str(clone.parent / "uv-cache")}  # nothing is there yet
    done = subprocess.run(["make", target], cwd=clone, capture_output=True, text=True, env=environment)
    result = {"seconds": time.perf_counter() - started, "exit_code": done.returncode}
    return {**result, "last_lines": done.stdout.splitlines()[-2:]}


def kept_files(clone: Path) -> dict[str, tuple[int, int]]:
    """Every stage's and series' file: size and time of change. Reports are written anew from them."""
    found = (path for part in ("stages", "series") for path in (clone / ".edgekit" / part).rglob("*"))
    return {
        str(path.relative_to(clone)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in found
        if path.is_file() and path.name != "used"
    }


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "edgekit"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        result: dict[str, Any] = {"installation": made("venv", clone)}
        result["demo"] = made("demo", clone)
        before = kept_files(clone)
        result["second_demo"] = made("demo", clone)
        after = kept_files(clone)
        result["files_kept"] = len(before)
        result["files_changed_by_second_demo"] = sorted(
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        )
        report = json.loads((clone / ".edgekit" / "reports" / "digits-cnn" / "report.json").read_text())
        result["rows"] = [{key: row[key] for key in ("variant", "target", "status")} for row in report["rows"]]
        result["test"] = made("test", clone)
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
