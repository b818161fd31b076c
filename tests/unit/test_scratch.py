"""Folders that a living process holds stay; what a dead one left is swept."""

import subprocess
import sys

from edgekit import scratch

MAKE = "import sys; from pathlib import Path; from edgekit import scratch; scratch.make(Path(sys.argv[1]), 'job-')"


def test_what_a_dead_process_left_is_swept(tmp_path):
    subprocess.run([sys.executable, "-c", MAKE, str(tmp_path)], check=True)
    (left,) = (path for path in tmp_path.iterdir() if path.is_dir())
    (left / "model.tflite").write_bytes(b"x")
    mine = scratch.make(tmp_path, "job-")
    other = tmp_path / "job-notes-of-mine"
    other.mkdir()
    scratch.sweep(tmp_path, "job-")
    assert sorted(path for path in tmp_path.iterdir() if path.is_dir()) == sorted([mine, other])
    assert mine.stat().st_mode & 0o777 == 0o700
    scratch.remove(mine)
    assert list(tmp_path.iterdir()) == [other]


def test_one_holder_at_a_time(tmp_path):
    with scratch.holding(tmp_path / "series") as first, scratch.holding(tmp_path / "series") as second:
        assert (first, second) == (True, False)
    with scratch.holding(tmp_path / "series") as again:
        assert again


def test_a_renamed_folder_leaves_no_lock(tmp_path):
    folder = scratch.make(tmp_path)
    kept = folder.rename(tmp_path / "kept")
    scratch.remove(folder)
    assert list(tmp_path.iterdir()) == [kept]


def test_a_missing_folder_is_nothing_to_sweep(tmp_path):
    scratch.sweep(tmp_path / "none")
    assert not (tmp_path / "none").exists()
