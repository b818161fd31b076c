"""NNAPI's forecast against the delegate of the Android library 2.16.1, at the API levels 27 to 31, file by file.

The same files as forecast_gpu.py. NNAPI itself is not there: a library that says "two devices" stands in, and the
delegate's choice of nodes, which it makes before it asks a device, is read from its log. Feature levels 6 to 8 need a
real device and are not checked.
"""

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dead_weight
from figures import out_argument, write_result
from forecast_gpu import HERE, delegated, recipes
from one_operator import cases
from real_files import packaged

from edgekit.delegates import nnapi
from edgekit.tflite import read

LEVELS = (27, 28, 29, 30, 31)
STAND_IN = "int ANeuralNetworks_getDeviceCount(unsigned *count) { *count = 2; return 0; }\n"
_TAKEN = re.compile(r"Replacing (\d+) out of (\d+) node\(s\) with delegate \(TfLiteNnapiDelegate\)")


def stand_in(folder: Path) -> None:
    """libneuralnetworks.so in `folder`. Needs gcc."""
    source = folder / "neuralnetworks.c"
    source.write_text(STAND_IN)
    out = str(folder / "libneuralnetworks.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-nostdlib", "-o", out, str(source)], check=True)


def taken_in(lines: list[str]) -> int | None:
    """Nodes that the delegate took; None where the library does not prepare the file."""
    text = "\n".join(lines)
    if found := _TAKEN.search(text):
        return int(found[1])
    return None if "failed to prepare" in text or "Registration failed" in text else 0


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument("--target", type=Path, default=HERE.parent / "android_runner/target")
    parser.add_argument(
        "--recipes", nargs="*", default=dead_weight.RECIPES, choices=dead_weight.RECIPES, metavar="NAME"
    )
    parser.add_argument(
        "--files", type=Path, metavar="FOLDER", help="keep the recipes' files there, and take them from there"
    )
    arguments = parser.parse_args()
    files = dict(cases()) | recipes(tuple(arguments.recipes), arguments.files) | packaged()
    models = [read(content) for content in files.values()]
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stand_in(folder)
        paths = [folder / f"{number:04d}.tflite" for number in range(len(files))]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        for level in LEVELS:
            logs = delegated("nnapi", paths, arguments.target, SHIM_SDK=str(level), libraries=str(folder))
            apart, judged = [], 0
            for name, model, log in zip(files, models, logs, strict=True):
                if (found := taken_in(log)) is None:
                    continue
                judged += 1
                offered = nnapi.at_level(model, level, accelerated=False)
                if (wanted := sum(refusal is None for refusal in offered)) != found:
                    apart.append({"file": name, "forecast": wanted, "delegate": found})
            row = {"level": level, "files": judged, "alike": judged - len(apart), "differences": apart}
            print(row, flush=True)
            rows.append(row)
    write_result(arguments.out, {"delegate": "NNAPI delegate of TFLite 2.16.1", "rows": rows})


if __name__ == "__main__":
    main()
