"""A bar for what is really pushed, and none for what lies there already."""

import contextlib

from edgekit.device.adb import ShellResult
from edgekit.targets.adb_target import push_shown


class Bars:
    def __init__(self):
        self.seen = []

    @contextlib.contextmanager
    def task(self, title, total, unit="steps"):
        self.seen.append([title, total, unit, 0])

        def tick(done, note):
            self.seen[-1][3] += done

        yield tick


class Phone:
    """Files by name; a shell that knows sha256sum, mkdir and mv."""

    serial = "S1"

    def __init__(self):
        self.files = {}

    def shell(self, command, seconds=60.0):
        import hashlib

        words = command.split()
        if words[0] == "sha256sum":
            content = self.files.get(words[1])
            if content is None:
                return ShellResult(stdout=b"", stderr=b"none", exit_code=1)
            return ShellResult(stdout=hashlib.sha256(content).hexdigest().encode(), stderr=b"", exit_code=0)
        if words[0] == "mv":
            self.files[words[2]] = self.files.pop(words[1])
        return ShellResult(stdout=b"", stderr=b"", exit_code=0)

    def push(self, local, remote, moved=None):
        self.files[remote] = local.read_bytes()
        for _ in range(2):
            moved(len(self.files[remote]) // 2)


def test_a_push_is_shown_once(tmp_path):
    (tmp_path / "m").write_bytes(bytes(4000))
    phone, bars = Phone(), Bars()
    assert push_shown(phone, tmp_path / "m", "/d/m", bars) is True
    assert bars.seen == [["push m to S1", 4000, "bytes", 4000]]
    assert push_shown(phone, tmp_path / "m", "/d/m", bars) is False
    assert len(bars.seen) == 1
