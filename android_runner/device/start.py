"""Start an Android-like device and keep it until Ctrl-C: python android_runner/device/start.py [--apk FILE] [--port N].

Prints its serial. Needs root; the first start makes the root folder (half a minute, 300 MB in the cache folder).
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from device import AndroidDevice, DeviceMissing, missing


def main() -> int:
    """Exit code 3 where something is missing on this computer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apk", type=Path, help="an APK to install, e.g. android_runner/build/edgekit-runner.apk")
    parser.add_argument("--port", type=int, default=5555, help="on 127.0.0.1; 0: any free one (default 5555)")
    parser.add_argument("--folder", type=Path, help="where its logs go (default: a temporary folder)")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=JSON", help="e.g. page_bytes=16384")
    arguments = parser.parse_args()
    reason = missing()
    if reason:
        print(reason, file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory(prefix="android-device-") as temporary:
        try:
            device = AndroidDevice(arguments.folder or Path(temporary), arguments.apk, arguments.port)
        except DeviceMissing as error:
            print(error, file=sys.stderr)
            return 3
        with device:
            try:
                if arguments.fault:
                    pairs = (item.partition("=") for item in arguments.fault)
                    device.faults(**{name: json.loads(value) for name, _, value in pairs})
                print(f"{device.serial}\nadb connect {device.serial}\nCtrl-C ends it", flush=True)
                device.process.wait()
            except KeyboardInterrupt:
                return 0
    print("the device ended by itself", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
