"""The loopback device's commands: a fixed table, words as they came, no way out of its folder."""

import hashlib

import pytest
from odd_names import ODD_NAMES

from edgekit.device.adb import quoted
from edgekit.device.loopback import commands
from edgekit.device.loopback.child import Child
from edgekit.device.loopback.commands import COMMANDS, OPERANDS, Machine, run
from edgekit.device.loopback.files import Files, OutsideRoot


@pytest.fixture
def machine(tmp_path):
    return Machine(files=Files(tmp_path / "root"), home=tmp_path)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_quoted_words_come_out_as_they_went_in(name, machine):
    assert run(quoted("echo", name), machine) == (f"{name}\n".encode(), b"", 0)
    path = f"/data/local/tmp/{name}"
    machine.files.local(path).write_bytes(b"x")
    assert run(quoted("cat", path), machine) == (b"x", b"", 0)
    assert run(quoted("mv", path, "/data/plain"), machine)[2] == 0
    assert run(quoted("ls", "/data/local/tmp"), machine)[0] == b""
    assert run(quoted("rm", "/data/plain"), machine)[2] == 0


def test_names_that_are_no_utf8_survive(machine):
    name = b"caf\xe9".decode(errors="surrogateescape")
    machine.files.local(f"/data/{name}").write_bytes(b"x")
    assert run(f"ls /data/{name}/..", machine)[2] == 1
    assert b"caf\xe9\n" in run("ls /data", machine)[0]
    assert run(f"{name}", machine) == (b"", b"caf\xe9: inaccessible or not found\n", 127)
    assert run(f"echo {name}", machine) == (b"caf\xe9\n", b"", 0)


@pytest.mark.parametrize(
    ("line", "stdout", "stderr", "code"),
    [
        ("", b"", b"", 0),
        ("true", b"", b"", 0),
        ("false", b"", b"", 1),
        ("echo a  'b c'", b"a b c\n", b"", 0),
        ("echo a; reboot | cat > /x && $(id)", b"a; reboot | cat > /x && $(id)\n", b"", 0),
        ("sh -c id", b"", b"sh: inaccessible or not found\n", 127),
        ("/bin/sh", b"", b"/bin/sh: inaccessible or not found\n", 127),
        ("echo 'open", b"", b"syntax: No closing quotation\n", 2),
        ("mv /a", b"", b"mv: 1 operands\n", 2),
        ("edgekit-runner", b"", b"edgekit-runner: 0 operands\n", 2),
        ("rm", b"", b"rm: 0 operands\n", 2),
        ("cat /gone", b"", b"cat: /gone: No such file or directory\n", 1),
        ("cat ../x", b"", b"cat: ../x: '..' is not followed\n", 1),
        ("rm -rf /", b"", b"rm: the device's root stays\n", 1),
        ("rm -rf /.", b"", b"rm: the device's root stays\n", 1),
        ("rm -f /gone", b"", b"", 0),
        ("sha256sum /gone", b"", b"sha256sum: /gone: No such file or directory\n", 1),
        ("sha256sum /data", b"", b"sha256sum: /data: Is a directory\n", 1),
        ("getprop ro.product.model", b"loopback\n", b"", 0),
        ("getprop ro.none", b"\n", b"", 0),
        ("getconf ARG_MAX", b"", b"getconf: unknown variable\n", 1),
        ("ls /", b"data\n", b"", 0),
    ],
)
def test_commands(line, stdout, stderr, code, machine):
    assert run(line, machine) == (stdout, stderr, code)


def test_files_are_made_moved_and_removed(machine):
    assert run("mkdir -p /data/a/b", machine)[2] == 0
    assert run("mkdir /data/a", machine)[1] == b"mkdir: /data/a: File exists\n"
    machine.files.local("/data/a/b/x").write_bytes(b"abc")
    digest = b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert run("sha256sum /data/a/b/x", machine) == (digest + b"  /data/a/b/x\n", b"", 0)
    assert run("mv /data/a/b/x /data/y", machine)[2] == 0
    assert run("rm /data/a", machine)[2] == 1
    assert run("rm -r /data/a /data/y", machine) == (b"", b"", 0)
    assert run("ls /data", machine)[0] == b"local\n"


def test_every_command_has_known_operands():
    assert set(OPERANDS) <= set(COMMANDS)
    assert not {"sh", "bash", "su", "python", "env", "xargs", "run-as", "ln"} & set(COMMANDS)


def test_the_runners_copy_lies_outside_of_the_files(machine, monkeypatch):
    seen = {}

    class Recorder(Child):
        def run(self, command, environment, seconds):
            seen.update(command=command, path=environment["PYTHONPATH"], safe=environment["PYTHONSAFEPATH"])
            return b"", b"", 0

    here = Machine(files=machine.files, home=machine.home, pythons={"tensorflow": "/other/python"}, child=Recorder())
    assert commands.run("edgekit-runner /data/job tensorflow", here) == (b"", b"", 0)
    assert seen["command"][:3] == ["/other/python", "-m", "edgekit.runner"]
    assert not seen["path"].startswith(str(machine.files.root))
    assert seen["safe"] == "1"
    assert run("edgekit-runner /../job", here)[2] == 1


def test_a_child_is_ended_and_none_is_started_after():
    child = Child()
    assert child.run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], {}, 10) == (b"out\n", b"err\n", 3)
    assert child.run(["/bin/sh", "-c", "kill -11 $$"], {}, 10)[2] == 128 + 11
    assert child.run(["/bin/sleep", "60"], {}, 0.1) == (b"", b"out of time after 0 s\n", 124)
    child.end()
    child.end()
    assert child.run(["/bin/sleep", "60"], {}, 60) == (b"", b"the host has gone\n", 129)


@pytest.mark.parametrize(
    ("remote", "place"),
    [
        ("/data/x", "data/x"),
        ("data/x", "data/x"),
        ("//data//x", "data/x"),
        ("/./data/./x", "data/x"),
        ("/etc/passwd", "etc/passwd"),
        ("/", "."),
    ],
)
def test_paths_inside(remote, place, machine):
    assert machine.files.local(remote) == machine.files.root / place


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "..",
        "/..",
        "/data/../../x",
        "/data/..",
        "a/../b",
        "a\0b",
        "x" * 1025,
        "ü" * 513,
        "/out/x",
        "/out",
        "/loop/x",
    ],
)
def test_paths_that_lead_out(remote, machine, tmp_path):
    (machine.files.root / "out").symlink_to(tmp_path)
    (machine.files.root / "loop").symlink_to("loop")
    (tmp_path / "x").write_bytes(b"secret")
    with pytest.raises(OutsideRoot):
        machine.files.local(remote)
    if remote and "\0" not in remote:
        for word in ("cat", "sha256sum", "rm -rf", "ls", "mkdir"):
            assert run(f"{word} {quoted(remote)}", machine)[2] == 1
    assert (tmp_path / "x").read_bytes() == b"secret"


def test_links_inside_are_followed(machine):
    machine.files.local("/data/x").write_bytes(b"x")
    (machine.files.root / "link").symlink_to("data/x")
    assert run("cat /link", machine) == (b"x", b"", 0)
    (machine.files.root / "absolute").symlink_to("/etc/passwd")
    assert run("cat /absolute", machine)[2] == 1


def test_a_line_longer_than_any_command(machine):
    stdout, stderr, code = run("echo " + "x " * 20_000, machine)
    assert (stdout, stderr, code) == (b"", b"syntax: a line of 40005 characters (at most 32768)\n", 2)
    assert len(run("echo " + "x " * 16_000, machine)[0]) == 32_000


def test_cat_prints_no_more_than_fits_in_memory(machine, monkeypatch):
    """30,000 words in one line, each a file of any size: what a host got was the sum."""
    monkeypatch.setattr(commands, "MAX_OUTPUT_BYTES", 10_000)
    machine.files.local("/data/x").write_bytes(b"x" * 4000)
    assert run("cat /data/x /data/x", machine) == (b"x" * 8000, b"", 0)
    assert run("cat /data/x /data/x /data/x", machine) == (b"", b"cat: more than 0 MB: pull the file\n", 1)


def test_a_sum_that_nobody_waits_for_is_not_finished(machine):
    machine.files.local("/data/x").write_bytes(b"x" * (3 << 20))
    machine.child.end()
    stdout, _, code = run("sha256sum /data/x", machine)
    assert code == 0
    assert stdout.split()[0] != hashlib.sha256(b"x" * (3 << 20)).hexdigest().encode()
