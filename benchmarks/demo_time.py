"""`edgekit run recipes/digits-cnn.toml` in an empty workspace, twice: seconds, exit codes, what the second computed."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import ROOT, out_argument, write_result


def run(workspace: Path) -> tuple[float, int, list[dict[str, Any]], str]:
    """Seconds, exit code, rows and standard error of one run."""
    command = [sys.executable, "-m", "edgekit", "run", "recipes/digits-cnn.toml", "--workspace", str(workspace)]
    started = time.perf_counter()
    done = subprocess.run([*command, "--format", "json"], cwd=ROOT, capture_output=True, text=True)
    return time.perf_counter() - started, done.returncode, json.loads(done.stdout)["rows"], done.stderr


def files(workspace: Path) -> dict[str, tuple[int, int]]:
    """Every stage's and series' file: size and time of change."""
    kept = [path for path in workspace.rglob("*") if path.is_file() and "reports" not in path.parts]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in kept}


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        first_seconds, first_code, rows, _ = run(workspace)
        before = files(workspace)
        second_seconds, second_code, _, said = run(workspace)
        after = files(workspace)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    write_result(
        arguments.out,
        {
            "first_seconds": first_seconds,
            "first_exit_code": first_code,
            "rows": [{key: row[key] for key in ("variant", "target", "status")} for row in rows],
            "second_seconds": second_seconds,
            "second_exit_code": second_code,
            "files_changed_by_second": [name for name in changed if not name.endswith("used")],
            "second_said": said.splitlines()[-8:],
        },
    )


if __name__ == "__main__":
    main()
