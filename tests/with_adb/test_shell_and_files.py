"""adb-shell against the loopback device: commands, files, names, verified pushes, and what is not accepted."""

import hashlib
import random

import pytest
from odd_names import ODD_NAMES
from with_adb.conftest import SHELL

from edgekit.device.adb import push_verified, quoted, remote_sha256
from edgekit.device.adb_wire import AdbWire, make_key
from edgekit.device.listing import describe
from edgekit.errors import DeviceError, NoDevice, PushFailed, Unauthorized

FIVE_MB = 5_000_000


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "code"),
    [*SHELL, ("echo a; cat /etc/passwd", b"a; cat /etc/passwd\n", b"", 0)],
)
def test_shell_gives_both_outputs_and_the_exit_code(adb, command, stdout, stderr, code):
    result = adb.shell(command)
    assert (result.stdout, result.stderr, result.exit_code) == (stdout, stderr, code)


def test_version_1_of_the_shell_and_exec_mix_both_outputs(adb):
    theirs = adb._device
    assert theirs.shell("echo x") == "x\n"
    assert theirs.shell("cat /gone") == "cat: /gone: No such file or directory\n"
    assert theirs.exec_out("echo x", decode=False) == b"x\n"
    assert theirs.exec_out("cat /gone", decode=False) == b"cat: /gone: No such file or directory\n"


def test_the_device_describes_itself(adb):
    found = describe(adb)
    assert (found.maker, found.model, found.state, found.serial) == ("edgekit", "loopback", "device", adb.serial)
    assert found.page_bytes in (4096, 16384, 65536)
    assert (found.android, found.battery_percent, found.thermal_status) == (None, None, None)


def test_long_output_comes_in_many_packets(adb, there):
    remote, local = there
    content = random.Random(1).randbytes(3_000_000)
    (local / "x").write_bytes(content)
    assert adb.shell(f"cat {remote}/x").stdout == content


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 1 << 20, FIVE_MB])
def test_files_go_there_and_back_bit_for_bit(adb, there, tmp_path, size):
    remote, local = there
    content = random.Random(size).randbytes(size)
    (tmp_path / "up").write_bytes(content)
    up, down = [], []
    adb.push(tmp_path / "up", f"{remote}/x", up.append)
    assert (local / "x").read_bytes() == content
    adb.pull(f"{remote}/x", tmp_path / "down", down.append)
    assert (tmp_path / "down").read_bytes() == content
    assert sum(up) == sum(down) == size
    assert sorted(path.name for path in local.iterdir()) == ["x"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["down", "up"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(adb, there, tmp_path, name):
    remote, local = there
    source = tmp_path / name
    source.write_bytes(name.encode())
    assert push_verified(adb, source, f"{remote}/{name}") is True
    assert (local / name).read_bytes() == name.encode()
    assert push_verified(adb, source, f"{remote}/{name}") is False
    assert remote_sha256(adb, f"{remote}/{name}") == sha256(source)
    adb.pull(f"{remote}/{name}", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == name.encode()
    assert adb.shell(quoted("rm", f"{remote}/{name}")).exit_code == 0
    assert list(local.iterdir()) == []


def test_stat_and_list(adb, there):
    remote, local = there
    (local / "a b").write_bytes(b"abc")
    (local / "folder").mkdir()
    theirs = adb._device
    mode, size, when = theirs.stat(f"{remote}/a b")
    assert (mode, size, when) == (0o100644, 3, int((local / "a b").stat().st_mtime))
    assert theirs.stat("/gone") == (0, 0, 0)
    assert theirs.stat("/../gone") == (0, 0, 0)
    listed = theirs.list(remote)
    assert [bytes(entry.filename) for entry in listed] == [b"a b", b"folder"]
    assert (listed[0].mode, listed[0].size) == (0o100644, 3)
    assert theirs.list("/gone") == []


def test_a_pull_that_fails_is_a_sentence_and_leaves_no_file(adb, tmp_path):
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(DeviceError, match="refused pull /gone: .*No such file or directory"):
        adb.pull("/gone", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert adb.shell("true").exit_code == 0


@pytest.mark.parametrize("remote", ["/../x", "/data", "/data/../../x"])
def test_a_push_that_is_refused_is_a_sentence(adb, tmp_path, remote):
    (tmp_path / "x").write_bytes(b"x" * 200_000)
    with pytest.raises(PushFailed, match="refused push"):
        adb.push(tmp_path / "x", remote)
    assert adb.shell("true").exit_code == 0


def test_a_push_is_skipped_for_the_same_hash_and_not_for_the_same_size(adb, there, tmp_path):
    remote, local = there
    source = tmp_path / "m"
    source.write_bytes(b"model one")
    assert push_verified(adb, source, f"{remote}/deep/er/m") is True
    before = (local / "deep/er/m").stat().st_ino
    assert push_verified(adb, source, f"{remote}/deep/er/m") is False
    assert (local / "deep/er/m").stat().st_ino == before
    source.write_bytes(b"model two")
    assert push_verified(adb, source, f"{remote}/deep/er/m") is True
    assert (local / "deep/er/m").read_bytes() == b"model two"
    assert [path.name for path in (local / "deep/er").iterdir()] == ["m"]


def test_a_transfer_that_arrives_changed_leaves_neither_name(adb, there, tmp_path, monkeypatch):
    remote, local = there
    source = tmp_path / "m"
    source.write_bytes(b"model")
    (tmp_path / "damaged").write_bytes(b"modem")
    push = adb.push
    monkeypatch.setattr(adb, "push", lambda _, *rest: push(tmp_path / "damaged", *rest))
    (local / "m").write_bytes(b"the last one")
    with pytest.raises(PushFailed, match="m arrived on .* with sha256"):
        push_verified(adb, source, f"{remote}/m")
    assert list(local.iterdir()) == []


def test_another_key_is_refused(device, tmp_path):
    with pytest.raises(Unauthorized) as caught:
        AdbWire(device.address, make_key(tmp_path / "other"))
    assert caught.value.serial == device.address
    assert "allow USB debugging" in caught.value.hint


def test_nobody_listens(device, tmp_path):
    with pytest.raises(NoDevice, match="nothing answers at 127.0.0.1:1"):
        AdbWire("127.0.0.1:1", device.key)


def test_two_hosts_at_once(device, there, tmp_path):
    remote, _ = there
    first, second = device.connect(), device.connect()
    (tmp_path / "x").write_bytes(b"x" * 300_000)
    first.push(tmp_path / "x", f"{remote}/x")
    second.pull(f"{remote}/x", tmp_path / "y")
    first.close()
    assert second.shell("true").exit_code == 0
    second.close()
    assert (tmp_path / "y").read_bytes() == b"x" * 300_000
