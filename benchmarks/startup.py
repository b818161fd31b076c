"""`edgekit --help` beside `python -c 'import typer'`, side by side, and which heavy modules it imported."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from figures import out_argument, write_result

FORBIDDEN = ["torch", "tensorflow", "numpy", "ai_edge_litert", "litert_torch", "cryptography", "rich", "adb_shell"]
PROBE = (
    "import json, sys\nfrom edgekit.cli.main import main\n"
    "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
    "sys.stderr.write(json.dumps([name for name in json.loads(sys.argv[1]) if name in sys.modules]))"
)


def seconds(command: list[str]) -> float:
    """Wall time of a whole process."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument("--pairs", type=int, default=25)
    arguments = parser.parse_args()
    ours = [str(Path(sys.executable).with_name("edgekit")), "--help"]  # the command as people type it
    theirs = [sys.executable, "-c", "import typer"]
    seconds(ours), seconds(theirs)
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(arguments.pairs)]
    probe = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(FORBIDDEN)], capture_output=True, text=True, check=True
    )
    write_result(
        arguments.out,
        {
            "pairs": len(pairs),
            "median_ratio": statistics.median(a / b for a, b in pairs),
            "help_seconds_min": min(a for a, _ in pairs),
            "typer_seconds_min": min(b for _, b in pairs),
            "forbidden_imported": json.loads(probe.stderr),
        },
    )


if __name__ == "__main__":
    main()
