"""Every way in which a launch of the app ends, on the Android-like device: status, sentence, exit code."""

import dataclasses
import sys
import tempfile
from pathlib import Path

from android_device import running
from figures import ROOT, out_argument, write_result

sys.path.insert(0, str(ROOT / "tests"))

from with_adb.endings import ENDINGS


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    found = {}
    with running() as device, tempfile.TemporaryDirectory() as temporary:
        for name, bring_about in ENDINGS.items():
            folder = Path(temporary) / name
            folder.mkdir()
            found[name] = dataclasses.asdict(bring_about(device, folder))
            found[name]["reason"] = found[name]["reason"].replace(device.serial, "SERIAL")
            device.mend()
    write_result(arguments.out, {"endings": found})


if __name__ == "__main__":
    main()
