"""A device whose folder is full, or cannot be written: a sentence, nothing half-written, and the device goes on."""

import hashlib

import pytest
from full_disks import largest_file, read_only, tiny_disk

from edgekit.device.adb import push_verified
from edgekit.device.loopback.process import LoopbackDevice
from edgekit.errors import PushFailed

FOLDER = "data/local/tmp/edgekit"


@pytest.fixture(params=["each file limited", "a disk of 256 kB"])
def full(request, tmp_path):
    """(device whose folder takes 100 kB and not 400 kB, the folder on this computer)."""
    root = tmp_path / "device" / "root"
    if request.param.startswith("each"):
        with largest_file(200_000):
            device = LoopbackDevice(tmp_path / "device")
        with device:
            yield device, root
        return
    with tiny_disk(root, 256 << 10), LoopbackDevice(tmp_path / "device") as device:
        yield device, root


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_push_to_a_full_device(full, tmp_path):
    device, root = full
    small, big = tmp_path / "small", tmp_path / "big"
    small.write_bytes(b"s" * 100_000)
    big.write_bytes(b"b" * 400_000)
    adb = device.connect()
    assert push_verified(adb, small, f"/{FOLDER}/small")
    for _ in range(3):
        with pytest.raises(PushFailed, match="refused push .*: (No space left on device|File too large)") as caught:
            push_verified(adb, big, f"/{FOLDER}/big")
        assert caught.value.hint == "check the free space there"
        assert caught.value.exit_code == 4
        assert files(root) == [f"{FOLDER}/small"], "nothing of the big file stays, under any name"
    with pytest.raises(PushFailed):
        push_verified(adb, big, f"/{FOLDER}/small")
    assert (root / FOLDER / "small").read_bytes() == b"s" * 100_000, "the old file is whole"
    other = tmp_path / "other"
    other.write_bytes(b"o" * 50_000)
    assert push_verified(adb, other, f"/{FOLDER}/small"), "the device goes on"
    assert (
        hashlib.sha256((root / FOLDER / "small").read_bytes()).hexdigest()
        == adb.shell(f"sha256sum /{FOLDER}/small").text.split()[0]
    )
    adb.close()


def test_a_push_to_a_device_that_cannot_be_written(tmp_path):
    local = tmp_path / "local"
    local.write_bytes(b"x")
    with LoopbackDevice(tmp_path / "device") as device:
        adb = device.connect()
        root = tmp_path / "device" / "root"
        push_verified(adb, local, f"/{FOLDER}/old")
        with read_only(root / FOLDER):
            for name in ("new", "old", "deeper/new"):
                local.write_bytes(name.encode())
                with pytest.raises(PushFailed, match="Read-only file system|Permission denied") as caught:
                    push_verified(adb, local, f"/{FOLDER}/{name}")
                assert "free space" in caught.value.hint
        assert files(root) == [f"{FOLDER}/old"]
        assert (root / FOLDER / "old").read_bytes() == b"x"
        adb.close()
