"""50 MB to the loopback device and back: edgekit's AdbWire beside a bare adb-shell script, interleaved."""

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adb_shell.adb_device import AdbDeviceTcp
from adb_shell.auth.sign_pythonrsa import PythonRSASigner
from figures import out_argument, write_result

from edgekit.device import FOLDER
from edgekit.device.adb import push_verified
from edgekit.device.adb_wire import AdbWire
from edgekit.device.loopback.process import LoopbackDevice

MEGABYTE = 1_000_000


def bare(device: LoopbackDevice) -> AdbDeviceTcp:
    """What a script writes that uses adb-shell alone."""
    host, _, port = device.address.rpartition(":")
    signer = PythonRSASigner(Path(f"{device.key}.pub").read_text(), device.key.read_text())
    theirs = AdbDeviceTcp(host, int(port), default_transport_timeout_s=60)
    theirs.connect(rsa_keys=[signer], auth_timeout_s=10)
    return theirs


def seconds(action: Callable[[], object]) -> float:
    """Wall time of a call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def sha256(path: Path) -> str:
    """Hex digest of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def measure(folder: Path, device: LoopbackDevice, ours: AdbWire, pairs: int, size: int) -> dict[str, Any]:
    """Push and pull `pairs` times each way, every time new bytes, the order rotating.

    `ours`: the transfer alone; `verified`: as edgekit pushes, with sha256 on both sides and the rename; `bare`:
    adb-shell's own.
    """
    theirs = bare(device)
    source, remote = folder / "source", f"{FOLDER}/transfer"
    pushes: dict[str, Callable[[], object]] = {
        "ours": lambda: ours.push(source, remote),
        "bare": lambda: theirs.push(str(source), remote),
        "verified": lambda: push_verified(ours, source, remote),
    }
    pulls: dict[str, Callable[[], object]] = {
        "ours": lambda: ours.pull(remote, folder / "ours"),
        "bare": lambda: theirs.pull(remote, str(folder / "bare")),
    }
    rows, equal = [], True
    on_device = device.folder / "root" / remote[1:]
    for number in range(-1, pairs):  # number -1: a round that is not counted
        source.write_bytes(os.urandom(size))
        wanted = sha256(source)
        row: dict[str, dict[str, float]] = {"push_seconds": {}, "pull_seconds": {}}
        names = list(pushes)
        for way in names[number % 3 :] + names[: number % 3]:
            on_device.unlink(missing_ok=True)
            row["push_seconds"][way] = seconds(pushes[way])
            equal &= sha256(on_device) == wanted
            if way in pulls:
                (folder / way).unlink(missing_ok=True)
                row["pull_seconds"][way] = seconds(pulls[way])
                equal &= sha256(folder / way) == wanted
        if number >= 0:
            rows.append(row)
    skipped = [seconds(pushes["verified"]) for _ in range(3)]
    theirs.close()
    result: dict[str, Any] = {"pairs": rows, "bytes": size, "sha256_equal": equal}
    for name, direction, way in (
        ("push", "push", "ours"),
        ("verified_push", "push", "verified"),
        ("pull", "pull", "ours"),
    ):
        times = [row[f"{direction}_seconds"] for row in rows]
        ratios = [one["bare"] / one[way] for one in times]
        result[f"{name}_median_ratio"] = statistics.median(ratios)
        result[f"{name}_ratio_range"] = [min(ratios), max(ratios)]
        result[f"{name}_megabytes_per_second"] = size / MEGABYTE / statistics.median(one[way] for one in times)
    return result | {"skipped_push_seconds": statistics.median(skipped)}


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--megabytes", type=int, default=50)
    arguments = parser.parse_args()
    size = arguments.megabytes * MEGABYTE
    with tempfile.TemporaryDirectory(prefix="edgekit-transfer-") as temporary:
        folder = Path(temporary)
        with LoopbackDevice(folder / "device") as device:
            ours = device.connect()
            result = measure(folder, device, ours, arguments.pairs, size)
            ours.close()
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
