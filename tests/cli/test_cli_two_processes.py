"""Two edgekit processes in one workspace at once: both end as one alone does, and no file of one breaks the other."""

import json
import subprocess
import sys

import pytest
from cli.tools import FLOAT, environment, shell, write_recipe


def at_once(folder, count, *words):
    """Start the command `count` times; [(code, stdout, stderr)]."""
    command = [sys.executable, "-m", "edgekit", *map(str, words)]
    started = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment()
        )
        for _ in range(count)
    ]
    return [(process.returncode, *said) for process, said in [(item, item.communicate()) for item in started]]


def stages(workspace):
    return sorted(path.name for path in (workspace / "stages").iterdir())


def contents(workspace):
    """Artifacts and side-cars: what a stage came to."""
    return {path.name: path.read_bytes() for path in (workspace / "artifacts").rglob("*.tflite")}


@pytest.mark.slow
def test_two_that_compress_and_convert(tmp_path, converted, edgekit):
    """`converted` is what one process alone makes of the same recipe."""
    write_recipe(tmp_path)
    for code, _, err in at_once(tmp_path, 2, "convert", "tiny.toml"):
        assert code == 0, err
    workspace, alone = tmp_path / ".edgekit", converted / ".edgekit"
    assert stages(workspace) == stages(alone)
    assert contents(workspace) == contents(alone)
    assert len(contents(workspace)) == 2
    assert not [path for path in (workspace / "building").iterdir() if path.is_dir()]
    assert edgekit("convert", "tiny.toml").code == 0
    assert stages(workspace) == stages(alone), "nothing is computed a second time"


def test_two_that_measure_have_a_series_each(tmp_path, tiny):
    words = ("run", tiny, "--target", "desktop:cpu", "--launches", "2", "--min-seconds", "0.2", "--format", "json")
    done = at_once(tmp_path, 2, *words)
    for code, out, err in done:
        assert code == 0, err
        rows = json.loads(out)["rows"]
        assert len(rows) == 2
        assert all(len(row["measurement"]["launches"]) == 2 for row in rows)
    accuracies = [[row["accuracy"]["value"] for row in json.loads(out)["rows"]] for _, out, _ in done]
    assert accuracies[0] == accuracies[1]
    series = [json.loads(out)["rows"][0]["measurement"]["series"] for _, out, _ in done]
    folders = list((tmp_path / ".edgekit" / "series").glob("*/*/complete.json"))
    assert len(folders) == len(set(series)), "launches of two processes are never one series"
    kept = json.loads((tmp_path / ".edgekit/reports/tiny/report.json").read_text())
    assert kept in [json.loads(out) for _, out, _ in done], "the report is one of the two, whole"


@pytest.mark.parametrize("count", [3])
def test_several_that_bench_the_same_file(tmp_path, count):
    words = ("bench", FLOAT, "--target", "desktop:cpu", "--launches", "2", "--min-seconds", "0", "--format", "json")
    for code, out, err in at_once(tmp_path, count, *words):
        assert code == 0, err
        assert len(json.loads(out)["rows"][0]["measurement"]["launches"]) == 2
    assert len(list((tmp_path / ".edgekit" / "series").glob("*/*/complete.json"))) == count


def test_one_that_prunes_while_another_measures(tmp_path, tiny):
    """What a series in the making needs is not taken from under it; and the run ends as alone."""
    words = ("run", tiny, "--target", "desktop:cpu", "--launches", "2", "--min-seconds", "0.3", "--format", "json")
    process = subprocess.Popen(
        [sys.executable, "-m", "edgekit", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    pruned = []
    while process.poll() is None:
        pruned.append(shell("cache", "--series-older-than-days", "0", folder=tmp_path))
    out, err = process.communicate()
    assert {done.code for done in pruned} == {0}, pruned
    assert not any("Traceback" in done.err for done in pruned)
    assert process.returncode == 0, err
    assert len(json.loads(out)["rows"]) == 2
