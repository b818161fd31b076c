"""This computer's disk gets full, for real: one sentence, nothing half-written, and with room again it goes on."""

import contextlib
import json

import pytest
from cli.tools import FLOAT, QUICK, REPORT, changed, shell, write_recipe
from full_disks import largest_file, tiny_disk

FULL = ("No space left on device", "File too large")
HINT = "  check the path, its rights and the free space"


def assert_said(done):
    assert done.code == 1, done.err
    assert done.out == ""
    sentence, hint = done.err.splitlines()[-2:]
    assert sentence.startswith("edgekit: ")
    assert sentence.endswith(FULL)
    assert hint == HINT
    assert "Traceback" not in done.err
    assert "this is a bug" not in done.err


def assert_whole(workspace):
    """Each stage that is there is a whole one, and nothing else is."""
    for folder in (workspace / "stages").glob("*"):
        assert (folder / "manifest.json").is_file()
        assert all(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "used")
    building = workspace / "building"
    assert not building.exists() or [path for path in building.iterdir() if path.is_dir()] == []
    assert [path for path in workspace.rglob("*") if path.name.endswith(".tmp")] == []


TRAINED = changed("[variants.float32]", '[variants.float32]\nsteps = ["train"]')


@pytest.mark.parametrize("size_bytes", [1500, 2600])
def test_files_of_every_stage_that_do_not_fit(tmp_path, edgekit, size_bytes):
    """The trained weights are one size too large, or the converted file is."""
    write_recipe(tmp_path, TRAINED)
    with largest_file(size_bytes):
        done = edgekit("convert", "tiny.toml")
    assert_said(done)
    assert_whole(tmp_path / ".edgekit")
    done = edgekit("convert", "tiny.toml")
    assert done.code == 0, done.err
    assert_whole(tmp_path / ".edgekit")


@pytest.mark.parametrize("kilobytes", [8, 32, 48])
def test_a_workspace_on_a_disk_that_gets_full(tmp_path, edgekit, kilobytes):
    write_recipe(tmp_path, TRAINED)
    words = ("convert", "tiny.toml", "--workspace", "disk")
    with tiny_disk(tmp_path / "disk", kilobytes << 10):
        done = edgekit(*words)
        assert_said(done)
        assert_whole(tmp_path / "disk")
        assert_said(edgekit(*words))
        assert_whole(tmp_path / "disk")
    done = edgekit(*words)
    assert done.code == 0, done.err


@pytest.mark.parametrize("size_bytes", [200, 1500, 4000])
def test_launches_that_do_not_fit(tmp_path, size_bytes):
    """`bench` writes inputs, a run a launch, and a report; what was measured before the disk got full stays."""
    words = ("bench", FLOAT, "--target", "desktop:cpu", "--format", "json", *QUICK)
    with largest_file(size_bytes):
        done = shell(*words, folder=tmp_path)
    assert done.code != 0
    assert "this is a bug" not in done.err
    assert "Traceback" not in done.err
    with contextlib.suppress(json.JSONDecodeError):
        assert all(row["status"] != "ok" for row in json.loads(done.out)["rows"])
    for path in (tmp_path / ".edgekit").rglob("*.json"):
        json.loads(path.read_text())
    done = shell(*words, folder=tmp_path)
    assert done.code == 0, done.err
    assert json.loads(done.out)["rows"][0]["status"] in ("ok", "unstable")


def test_a_report_that_does_not_fit_leaves_the_old_one(tmp_path):
    (tmp_path / "r.json").write_text("old")
    with largest_file(1000):
        done = shell("report", REPORT, "--format", "json", "--out", "r.json", folder=tmp_path)
    assert_said(done)
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    assert (tmp_path / "r.json").read_text() == "old"
