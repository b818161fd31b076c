"""50 MB to the loopback device and back: edgekit's AdbWire beside a bare adb-shell script, interleaved."""

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


def measure(folder: Path, device: LoopbackDevice, ours: AdbWire, pairs: int, size: int) -> dict[str, object]:
    """Push and pull `pairs` times each way, every time new bytes, the order alternating."""
    theirs = bare(device)
    source, remote = folder / "source", f"{FOLDER}/transfer"
    ways: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "ours": (lambda: ours.push(source, remote), lambda: ours.pull(remote, folder / "ours")),
        "bare": (
            lambda: theirs.push(str(source), remote),
            lambda: theirs.pull(remote, str(folder / "bare")),
        ),
    }
    rows, equal = [], True
    for number in range(-1, pairs):  # number -1: a round that is not counted
        source.write_bytes(os.urandom(size))
        wanted = sha256(source)
        row: dict[str, dict[str, float]] = {"push_seconds": {}, "pull_seconds": {}}
        for way in ("ours", "bare") if number % 2 == 0 else ("bare", "ours"):
            push, pull = ways[way]
            (device.folder / "root" / remote[1:]).unlink(missing_ok=True)
            (folder / way).unlink(missing_ok=True)
            row["push_seconds"][way] = seconds(push)
            row["pull_seconds"][way] = seconds(pull)
            equal &= sha256(device.folder / "root" / remote[1:]) == wanted == sha256(folder / way)
        if number >= 0:
            rows.append(row)
    theirs.close()
    result: dict[str, object] = {"pairs": rows, "bytes": size, "sha256_equal": equal}
    for direction in ("push", "pull"):
        times = [row[f"{direction}_seconds"] for row in rows]
        ratios = [one["bare"] / one["ours"] for one in times]
        result[f"{direction}_median_ratio"] = statistics.median(ratios)
        result[f"{direction}_ratio_range"] = [min(ratios), max(ratios)]
        for way in ways:
            median = statistics.median(one[way] for one in times)
            result[f"{direction}_{way}_megabytes_per_second"] = size / MEGABYTE / median
    return result


def verified(folder: Path, ours: AdbWire, pairs: int, size: int) -> dict[str, object]:
    """What the check of a push costs: plain beside verified in alternating order, and a push that is skipped."""
    source = folder / "source"
    ways = {
        "plain": lambda: ours.push(source, f"{FOLDER}/plain"),
        "verified": lambda: push_verified(ours, source, f"{FOLDER}/verified"),
    }
    rows, skipped = [], []
    for number in range(pairs):
        source.write_bytes(os.urandom(size))
        names = ("plain", "verified") if number % 2 == 0 else ("verified", "plain")
        rows.append({name: seconds(ways[name]) for name in names})
        skipped.append(seconds(ways["verified"]))
    return {
        "verified_push_extra_seconds": statistics.median(row["verified"] - row["plain"] for row in rows),
        "skipped_push_seconds": statistics.median(skipped),
    }


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
            result |= verified(folder, ours, arguments.pairs, size)
            ours.close()
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
