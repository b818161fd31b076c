"""efficientnet-lite0 by its recipe on the Android-like device, every delegate, by the APK's own code."""

import json
import tempfile
import time

from android_device import edgekit, running
from figures import out_argument, write_result

SHOWN = ("variant", "target", "status", "reason", "accuracy", "latency_ns", "runtime", "cautions")


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    with running() as device, tempfile.TemporaryDirectory() as workspace:
        words = ("run", "recipes/efficientnet-lite0.toml", "--target", f"android:{device.serial}:*")
        converted = edgekit("convert", "efficientnet-lite0", "--workspace", workspace, "--quiet")
        started = time.monotonic()
        done = edgekit(*words, "--workspace", workspace, "--format", "json", "--quiet")
        seconds = time.monotonic() - started
        report = json.loads(done.stdout)
    rows = []
    for row in report["rows"]:
        measurement = row["measurement"]
        rows.append(
            {
                **{key: row[key] for key in SHOWN},
                "delegate": row["target"].rpartition(":")[2],
                "nodes": measurement["nodes"],
                "launches": len(measurement["launches"]),
                "target_parity": measurement["target_parity"],
                "environment": measurement["environment"],
            }
        )
    exits = {"convert": converted.returncode, "run": done.returncode}
    write_result(arguments.out, {"exit_codes": exits, "seconds": seconds, "rows": rows})


if __name__ == "__main__":
    main()
