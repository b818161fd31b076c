"""Cut short by Ctrl-C, a device that vanishes, a full disk: what was measured is kept, and the next run goes on."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import fakes
import pytest
from cli.tools import FLOAT, MODULE, QUICK, REPORT, assert_refused, changed, environment, files_in, write_recipe
from fakes import FakeTarget

from edgekit import targets, workspace
from edgekit.cli.main import main
from edgekit.targets.loopback import Loopback

AGAIN = "run the same command again: it goes on where it stopped"
# A test runner in the background is started with SIGINT ignored, and its children inherit that.
START = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import edgekit.cli.main as m; m.main()"
)


TELLING_LOSS = """

def loss():
    def value(outputs, labels):
        open("epoch", "w").close()
        return nn.functional.cross_entropy(outputs[0], labels)

    return value
"""


def interrupted(folder, words, ready):
    """Start the command, send SIGINT as soon as `ready()`; returns code, stdout, stderr."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", START, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment() | {"TMPDIR": str(temporary)},
    )
    deadline = time.monotonic() + 60
    while not ready() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert list(temporary.iterdir()) == [], "no job folder is left"
    commands = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    assert not [command for command in commands if str(temporary).encode() in command], "no runner goes on"
    return process.returncode, out, err


def test_ctrl_c_while_measuring(tmp_path, tiny, edgekit):
    words = ["run", tiny, "--launches", "3", "--min-seconds", "0.3", "--format", "json"]
    series = tmp_path / ".edgekit" / "series"
    code, out, err = interrupted(tmp_path, words, lambda: list(series.glob("*/*/block-*.run.json")))
    assert (code, out) == (130, "")
    assert err.splitlines() == ["desktop:cpu: measuring", "edgekit: interrupted", f"  {AGAIN}"]
    kept = {path: path.read_bytes() for path in series.glob("*/*/*.run.json")}
    assert 3 <= len(kept) < 8
    assert not list(series.glob("*/*/complete.json"))
    assert not list((tmp_path / ".edgekit").rglob("*.tmp"))

    done = edgekit(*words)
    assert done.code == 0
    assert done.err.splitlines()[0] == "desktop:cpu: going on with a broken series"
    assert {path: path.read_bytes() for path in kept} == kept
    assert len(list(series.glob("*/*/*.run.json"))) == 8
    assert len(list(series.glob("*/*/complete.json"))) == 1
    for row in json.loads(done.out)["rows"]:
        assert "resumed after an interruption" in row["cautions"]
        assert len(row["measurement"]["launches"]) == 3


def test_ctrl_c_while_training(tmp_path):
    text = changed("[variants.float32]", '[variants.float32]\nsteps = ["train"]')
    text = f'loss = "own:loss"\n{changed("epochs = 1", "epochs = 100000", text)}'
    write_recipe(tmp_path, text, MODULE + TELLING_LOSS)
    building = tmp_path / ".edgekit" / "building"
    code, out, err = interrupted(tmp_path, ["compress", "tiny.toml"], lambda: (tmp_path / "epoch").exists())
    assert (code, out) == (130, "")
    assert err.splitlines()[-2:] == ["edgekit: interrupted", f"  {AGAIN}"]
    assert "Traceback" not in err
    assert files_in(tmp_path) == ["epoch", "own.py", "tiny.toml"]
    assert not building.exists() or not list(building.iterdir())


def test_ctrl_c_with_debug_shows_where(edgekit, monkeypatch):
    def press(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("edgekit.result.store.load_report", press)
    assert_refused(edgekit("report", REPORT), 130, "interrupted", AGAIN)
    assert_refused(edgekit("report", REPORT, "--debug"), 130, "interrupted", AGAIN, debug=True)


BENCH = ("bench", FLOAT, "--format", "json", "--launches", "3", "--min-seconds", "0")


@pytest.fixture
def vanishing(monkeypatch):
    """A function: address -> launches that the fake device of that address answers before it vanishes."""

    def put(**answers):
        factors = {f"models/{hashlib.sha256(FLOAT.read_bytes()).hexdigest()[:16]}.tflite": 1.0}

        def open_target(spec, *, serial, pythons, progress):
            target = FakeTarget(factors, gone_after=answers.get(spec.address))
            target.spec = spec
            return target

        monkeypatch.setattr(fakes, "open_target", open_target, raising=False)
        monkeypatch.setitem(targets.TARGETS, "loopback", "fakes:open_target")

    return put


def test_one_device_of_two_vanishes(tmp_path, edgekit, vanishing):
    vanishing(a=2)
    done = edgekit(*BENCH, "--target", "loopback:a:cpu", "--target", "loopback:b:cpu")
    assert done.code == 6
    gone, measured = json.loads(done.out)["rows"]
    assert (gone["status"], gone["reason"], gone["latency_ns"]) == (
        "unreachable",
        "the device vanished (attach it again)",
        None,
    )
    assert (measured["status"], measured["latency_ns"]["value"] > 0) == ("ok", True)
    assert len(list((tmp_path / ".edgekit/series").glob("loopback-a-cpu*/*/*.run.json"))) == 2
    assert json.loads((tmp_path / ".edgekit/reports/bench/report.json").read_text()) == json.loads(done.out)


@pytest.mark.parametrize("answers", [0, 1, 3])
def test_the_only_device_vanishes(edgekit, vanishing, answers):
    vanishing(a=answers)
    done = edgekit(*BENCH, "--target", "loopback:a:cpu")
    assert done.code == 4
    assert [row["status"] for row in json.loads(done.out)["rows"]] == ["unreachable"]
    vanishing()
    assert edgekit(*BENCH, "--target", "loopback:a:cpu").code == 0


def test_a_real_connection_that_breaks(tmp_path, tiny, edgekit, monkeypatch):
    """The loopback device is killed before its fourth launch: two rows with the reason, and the rest follows."""
    launches = []
    whole = Loopback.run

    def run(self, job, files, answer):
        launches.append(job.id)
        if len(launches) == 4:
            self.adb()
            self._device.process.kill()
            self._device.process.wait()
        return whole(self, job, files, answer)

    monkeypatch.setattr(Loopback, "run", run)
    words = ("run", tiny, "--target", "desktop:cpu", "--target", "loopback:0:cpu", "--format", "json")
    done = edgekit(*words)
    assert done.code == 4, done.err
    rows = json.loads(done.out)["rows"]
    assert [row["status"] for row in rows[2:]] == ["unreachable", "unreachable"]
    assert rows[2]["reason"].startswith("127.0.0.1:")
    assert all(row["latency_ns"]["value"] > 0 for row in rows[:2])
    assert "Traceback" not in done.err
    series = tmp_path / ".edgekit" / "series"
    assert len(list(series.glob("loopback-*/*/*.run.json"))) == 3
    done = edgekit(*words)
    assert done.code == 0
    said = done.err.splitlines()
    assert said[0].startswith("desktop:cpu: series of ") and said[0].endswith(" reused (--fresh measures anew)")
    assert said[1] == "loopback:0:cpu: going on with a broken series"
    for row in json.loads(done.out)["rows"][2:]:
        assert "resumed after an interruption" in row["cautions"]
    assert len(launches) == 4 + 3


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_takes_no_more(tmp_path, edgekit, monkeypatch, number):
    def full(_):
        raise OSError(number, os.strerror(number))

    write_recipe(tmp_path)
    for words in (["report", REPORT, "--out", "r.md"], ["convert", "tiny.toml"], ["bench", FLOAT, *QUICK]):
        before = [name for name in files_in(tmp_path) if not name.endswith("/used")]
        with monkeypatch.context() as patched:
            patched.setattr(workspace.os, "fsync", full)
            done = edgekit(*words)
        assert (done.code, done.out) == (1, "")
        sentence, hint = done.err.splitlines()[-2:]
        assert sentence.startswith("edgekit: ") and sentence.endswith(f": {os.strerror(number)}")
        assert hint == "  check the path, its rights and the free space"
        left = [name for name in files_in(tmp_path) if not name.endswith("/used")]
        assert [name for name in left if name not in before and "/stages/random-" not in name] == []


def test_standard_output_that_takes_no_more(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edgekit", "report", str(REPORT)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(),
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_that_nobody_foresaw_is_called_a_bug(capsys, monkeypatch):
    def burst(*_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("edgekit.result.store.load_report", burst)
    with pytest.raises(SystemExit, match="1"):
        main(["report", str(REPORT)])
    sentence, hint = capsys.readouterr().err.splitlines()
    assert sentence == "edgekit: edgekit failed on ZeroDivisionError: division by zero"
    assert hint == "  this is a bug; run it again with --debug and report what that prints"
