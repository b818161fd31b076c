"""`edgekit doctor --device` on the Android-like device: what its checks find, and the one file that it writes."""

import json
import tempfile
import time
from pathlib import Path

from android_device import edgekit, running
from figures import out_argument, write_result


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    with running() as device, tempfile.TemporaryDirectory() as temporary:
        started = time.monotonic()
        done = edgekit("doctor", "--device", "--serial", device.serial, "--out", f"{temporary}/self-test.json")
        seconds = time.monotonic() - started
        content = Path(f"{temporary}/self-test.json").read_bytes()
    checks = [
        {"name": check["name"], "state": check["state"], "seen": check["seen"].replace(device.serial, "SERIAL")}
        for check in json.loads(content)["checks"]
    ]
    result = {"exit_code": done.returncode, "seconds": seconds, "file_bytes": len(content), "checks": checks}
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
