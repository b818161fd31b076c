"""The workspace: complete or absent, whatever happens."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgekit import cache, scratch
from edgekit.workspace import Workspace, slug, stage_key, write_atomic

KEY = "0123456789abcdef"


def test_a_stage_is_found_after_it_was_built(tmp_path):
    workspace = Workspace(tmp_path)
    assert workspace.find("train", KEY) is None
    with workspace.build("train", KEY) as folder:
        (folder / "weights.pt").write_bytes(b"w")
        assert workspace.find("train", KEY) is None
    assert (workspace.find("train", KEY) / "weights.pt").read_bytes() == b"w"
    assert list((tmp_path / "building").iterdir()) == []


def test_a_failed_stage_leaves_nothing(tmp_path):
    workspace = Workspace(tmp_path)
    with pytest.raises(RuntimeError, match="half way"), workspace.build("train", KEY) as folder:
        (folder / "weights.pt").write_bytes(b"w")
        raise RuntimeError("half way")
    assert workspace.find("train", KEY) is None
    assert list((tmp_path / "building").iterdir()) == []


def test_the_second_of_two_builders_finds_the_firsts(tmp_path):
    one, two = Workspace(tmp_path), Workspace(tmp_path)
    with one.build("train", KEY) as first, two.build("train", KEY) as second:
        (first / "x").write_text("one")
        (second / "x").write_text("two")
    assert (one.find("train", KEY) / "x").read_text() == "two"  # the inner block ended first


def test_keys_change_with_everything_that_goes_in():
    base = {"sources": ("edgekit.units",), "inputs": {"a": 1}, "tools": ("pytest",)}
    key = stage_key("train", **base)
    assert key == stage_key("train", **base)
    assert (
        len(
            {
                key,
                stage_key("prune", **base),
                stage_key("train", **base | {"inputs": {"a": 2}}),
                stage_key("train", **base | {"sources": ("edgekit.errors",)}),
                stage_key("train", **base | {"tools": ("no-such-package",)}),
            }
        )
        == 5
    )


KILLED = """
import sys, time
from pathlib import Path
from edgekit.workspace import Workspace
workspace = Workspace(Path(sys.argv[1]))
for number in range(10_000):
    with workspace.build("stage", f"{number:016x}") as folder:
        for part in range(5):
            (folder / f"part-{part}").write_bytes(b"x" * 4096)
    if number == 0:
        print("one is whole", flush=True)
"""


def test_killed_at_random_moments_only_whole_stages_are_found(tmp_path):
    generator = random.Random(11)
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(generator.uniform(0.0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    workspace = Workspace(tmp_path)  # sweeps
    assert list((tmp_path / "building").iterdir()) == []
    folders = list((tmp_path / "stages").iterdir())
    assert folders
    for folder in folders:
        key = folder.name.removeprefix("stage-")
        assert len(list(workspace.find("stage", key).glob("part-*"))) == 5


def test_a_live_builder_is_not_swept(tmp_path):
    with Workspace(tmp_path).build("train", KEY) as folder:
        Workspace(tmp_path)
        assert folder.is_dir()


def test_write_atomic_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    write_atomic(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["report.json"]


def test_slugs_are_readable_and_different():
    assert slug("loopback:0:cpu").startswith("loopback-0-cpu-")
    assert slug("a:b") != slug("a-b") and slug("a b") != slug("a:b")
    assert "/" not in slug("android:../../x:cpu")


def test_cache_lists_and_prunes(tmp_path):
    workspace = Workspace(tmp_path)
    for number in range(3):
        with workspace.build("train", f"{number:016x}") as folder:
            (folder / "weights").write_bytes(b"x" * 1_000_000)
    old = workspace.find("train", f"{0:016x}") / "used"
    os.utime(old, (time.time() - 10 * 86400,) * 2)
    assert cache.entries(tmp_path)[0].name == "train-0000000000000000"
    removed = cache.prune(tmp_path, older_than_days=5, to_megabytes=None)
    assert [entry.name for entry in removed] == ["train-0000000000000000"]
    assert workspace.find("train", f"{0:016x}") is None
    cache.prune(tmp_path, older_than_days=None, to_megabytes=1.5)
    assert len(cache.entries(tmp_path)) == 1
    assert "1 stages, 1.00 MB\n0 series of measurements, 0 B" in cache.entries_text(cache.entries(tmp_path))


def test_cache_lists_and_removes_series(tmp_path):
    for number, days in enumerate((40, 1)):
        folder = tmp_path / "series" / "desktop-cpu" / f"key-{number}"
        folder.mkdir(parents=True)
        (folder / "complete.json").write_bytes(b"x" * 1000)
        for path in (folder / "complete.json", folder):
            os.utime(path, (time.time() - days * 86400,) * 2)
    assert [entry.name for entry in cache.series_entries(tmp_path)] == ["desktop-cpu/key-0", "desktop-cpu/key-1"]
    with scratch.holding(tmp_path / "series" / "desktop-cpu" / "key-0"):
        assert cache.prune_series(tmp_path, older_than_days=30) == ()  # being measured right now
    assert [entry.name for entry in cache.prune_series(tmp_path, older_than_days=30)] == ["desktop-cpu/key-0"]
    assert "1 series of measurements, 1.00 kB" in cache.entries_text(cache.series_entries(tmp_path))


def test_an_absent_workspace_is_empty(tmp_path):
    assert cache.entries(tmp_path / "none") == ()
    assert not Path(tmp_path / "none").exists()
