"""efficientnet-lite0 by its recipe, on desktop and loopback device: is coffee an espresso, chelsea a cat?"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import ROOT, out_argument, write_result


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as workspace:
        command = [sys.executable, "-m", "edgekit", "run", "efficientnet-lite0", "--workspace", workspace]
        done = subprocess.run([*command, "--format", "json", "--quiet"], cwd=ROOT, capture_output=True, text=True)
        report = json.loads(done.stdout)
        stages = Path(workspace) / "stages"
        sidecars = [json.loads(path.read_text()) for path in stages.glob("convert-*/*.tflite.json")]
    rows = [
        {key: row[key] for key in ("variant", "target", "status", "reason", "accuracy", "size_bytes", "latency_ns")}
        for row in report["rows"]
    ]
    parity = {item["variant"]: {**item["parity"], "figures": item["parity"]["figures"]} for item in sidecars}
    write_result(arguments.out, {"exit_code": done.returncode, "rows": rows, "parity": parity})


if __name__ == "__main__":
    main()
