"""The sync service on bytes: what each request is answered, what is refused, and what a cut leaves."""

import struct

import pytest

from edgekit.device.loopback import sync
from edgekit.device.loopback.files import Files
from edgekit.device.loopback.wire import ProtocolBroken


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path / "root")


class Stream:
    """The bytes of a client; `out` is what it gets."""

    def __init__(self, content):
        self.content, self.out = content, b""

    def read_exactly(self, size):
        part, self.content = self.content[:size], self.content[size:]
        if len(part) < size:
            raise ConnectionError("the stream ended")
        return part

    def write(self, content):
        self.out += content


def request(kind, name=b"", rest=b""):
    return kind + struct.pack("<I", len(name)) + name + rest


def synced(files, content):
    stream = Stream(content + request(b"QUIT"))
    sync.serve(stream, files)
    return stream.out


DONE = b"DONE" + struct.pack("<I", 1)


@pytest.mark.parametrize("mode", ["33188", "0", "", "x", "²", "9" * 5000, "33279"])
def test_send_takes_any_mode_of_a_plain_file(files, mode):
    data = b"DATA" + struct.pack("<I", 3) + b"abc"
    assert synced(files, request(b"SEND", f"/data/x,{mode}".encode(), data + DONE)) == b"OKAY\0\0\0\0"
    assert files.local("/data/x").read_bytes() == b"abc"
    assert sorted(path.name for path in (files.root / "data").iterdir()) == ["local", "x"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/../x,33188", b"'..' is not followed"),
        ("/data,33188", b"is a directory"),
        ("/data/link,41471", b"only plain files are taken"),
        ("/data/device,8630", b"only plain files are taken"),
        ("no comma", b"bad path"),
        ("/data/x/y/" + "n" * 300 + ",33188", b"File name too long"),
    ],
)
def test_send_refuses(files, name, reason):
    data = b"DATA" + struct.pack("<I", 3) + b"abc"
    answer = synced(files, request(b"SEND", name.encode(), data + DONE))
    assert answer[:4] == b"FAIL"
    assert int.from_bytes(answer[4:8], "little") == len(answer) - 8
    assert reason in answer
    assert [path for path in files.root.rglob("*") if path.is_file()] == []


def test_a_cut_off_send_leaves_nothing(files):
    data = b"DATA" + struct.pack("<I", 3) + b"abc"
    with pytest.raises(ConnectionError):
        sync.serve(Stream(request(b"SEND", b"/data/x,33188", data + data[:9])), files)
    with pytest.raises(ProtocolBroken):
        synced(files, request(b"SEND", b"/data/x,33188", b"DATA" + struct.pack("<I", 65537)))
    assert [path for path in files.root.rglob("*") if path.is_file()] == []


def test_stat_list_and_receive_in_both_versions(files):
    files.local("/data/local/tmp/x").write_bytes(b"abc")
    out = synced(files, request(b"STAT", b"/data/local/tmp/x"))
    assert struct.unpack("<4s3I", out)[:3] == (b"STAT", 0o100644, 3)
    assert synced(files, request(b"STAT", b"/gone")) == b"STAT" + bytes(12)
    for kind in (b"STA2", b"LST2"):
        out = synced(files, request(kind, b"/data/local/tmp/x"))
        assert len(out) == 72
        assert (out[:4], struct.unpack_from("<I", out, 4)[0], struct.unpack_from("<Q", out, 40)[0]) == (kind, 0, 3)
        assert struct.unpack_from("<I", synced(files, request(kind, b"/gone")), 4)[0] == 2
        assert struct.unpack_from("<I", synced(files, request(kind, b"/../x")), 4)[0] == 13
    out = synced(files, request(b"LIST", b"/data/local/tmp"))
    assert (out[:4], out[20:21], out[21:25], len(out)) == (b"DENT", b"x", b"DONE", 20 + 1 + 20)
    assert synced(files, request(b"LIST", b"/gone")) == b"DONE" + bytes(16)
    out = synced(files, request(b"LIS2", b"/data/local/tmp"))
    assert (out[:4], out[76:77], out[77:81], len(out)) == (b"DNT2", b"x", b"DONE", 76 + 1 + 76)
    data = b"DATA" + struct.pack("<I", 3) + b"abc" + b"DONE" + bytes(4)
    assert synced(files, request(b"RECV", b"/data/local/tmp/x")) == data
    assert synced(files, request(b"RCV2", b"/data/local/tmp/x", b"RCV2" + bytes(4))) == data
    assert synced(files, request(b"RECV", b"/gone"))[:4] == b"FAIL"
    sent = b"SND2" + struct.pack("<2I", 0o100644, 0) + b"DATA" + struct.pack("<I", 1) + b"y" + DONE
    assert synced(files, request(b"SND2", b"/data/y", sent)) == b"OKAY\0\0\0\0"
    assert files.local("/data/y").read_bytes() == b"y"


@pytest.mark.parametrize(
    "content",
    [
        request(b"NOPE"),
        b"STAT\xff\xff\xff\xff",
        request(b"RCV2", b"/x", b"RCV2\1\0\0\0"),
        request(b"SND2", b"/x", b"S" * 12),
    ],
)
def test_sync_requests_that_make_no_sense(files, content):
    with pytest.raises(ProtocolBroken):
        synced(files, content)
