"""Folders of processes that are gone are swept, those of living ones stay."""

import subprocess
import sys

from edgekit import scratch

MAKE = "import sys; from pathlib import Path; from edgekit import scratch; scratch.make(Path(sys.argv[1]), 'job-')"


def test_what_a_dead_process_left_is_swept(tmp_path):
    subprocess.run([sys.executable, "-c", MAKE, str(tmp_path)], check=True)
    (left,) = tmp_path.iterdir()
    (left / "model.tflite").write_bytes(b"x")
    mine = scratch.make(tmp_path, "job-")
    other = tmp_path / "job-notes-of-mine"
    other.mkdir()
    scratch.sweep(tmp_path, "job-")
    assert sorted(tmp_path.iterdir()) == sorted([mine, other])
    assert mine.stat().st_mode & 0o777 == 0o700


def test_a_reused_process_id_is_told_apart(tmp_path):
    mine = scratch.make(tmp_path)
    process, start, rest = mine.name.split("-")
    mine.rename(tmp_path / f"{process}-{int(start) + 1}-{rest}")
    scratch.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_nothing_to_sweep(tmp_path):
    scratch.sweep(tmp_path / "none")
    assert not (tmp_path / "none").exists()
