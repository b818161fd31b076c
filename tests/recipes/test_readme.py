"""The README's commands, typed as they stand, in an empty folder: do they end as the page says?"""

import re
import shlex
import shutil
import subprocess

import pytest
from fakes import FakeAdb
from recipes.conftest import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
LINES = [line.partition(" #")[0].strip() for block in BLOCKS for line in block.splitlines()]
EDGEKIT = [line for line in LINES if line.startswith("edgekit ")]
MAKE = [line for line in LINES if line.startswith("make ")]
QUICK = {"run": ["--launches", "2", "--min-seconds", "0.02"], "bench": ["--launches", "2", "--min-seconds", "0.02"]}
NO_PHONE = 4


def test_the_commands_are_found():
    assert "edgekit bench model.tflite --target 'android:*:*'" in EDGEKIT
    assert MAKE == ["make demo", "make test", "make test-all"]
    assert {shlex.split(line)[1] for line in EDGEKIT} >= {"run", "new", "bench"}


@pytest.mark.parametrize("line", MAKE)
def test_make_targets_exist(line):
    done = subprocess.run([*shlex.split(line), "-n"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_continuous_integration_runs_the_readmes_test_command():
    assert "make test-all" in (ROOT / ".ci" / "run").read_text().splitlines()[-1]


def test_edgekit_commands_run(edgekit, tmp_path, tmp_path_factory, monkeypatch):
    """One folder for all of them, in the page's order: `edgekit new` comes before `edgekit run my-net.toml`.

    The adb program is a script that lists no device, whatever is attached to this computer.
    """
    adb_folder = tmp_path_factory.mktemp("adb")
    with monkeypatch.context() as patched:  # PATH is set for the child alone
        adb = FakeAdb(adb_folder, patched)
    shutil.copytree(ROOT / "tests" / "golden", tmp_path / "tests" / "golden")
    shutil.copy(ROOT / "tests" / "golden" / "runner" / "float.tflite", tmp_path / "model.tflite")
    for line in EDGEKIT:
        words = shlex.split(line)[1:]
        if words == ["run", "efficientnet-lite0"]:
            continue  # two minutes and the package index: test_photographs_are_recognised_on_every_target
        if "model.onnx" in words or "snippets-transformer" in words:
            continue  # the reader's own file: with_tensorflow/test_roads; minutes: with_torch/test_rewritten_variants
        code, _, said = edgekit(*words, *QUICK.get(words[0], []), cwd=tmp_path, adb_folder=adb_folder)
        expected = NO_PHONE if "android:*:*" in words else 0
        assert code == expected, (line, code, said)
    assert ["devices", "-l"] in adb.calls


def test_the_example_output_is_of_this_version():
    """The block between the demo markers has the report's own headings and every variant of the recipe."""
    from edgekit.recipe.load import load

    block = README.partition("<!-- demo -->")[2].partition("<!-- /demo -->")[0]
    recipe = load(ROOT / "recipes" / "digits-cnn.toml")
    for target in recipe.targets:
        assert re.search(rf"^{target}   litert 2\.", block, re.MULTILINE)
    for variant in recipe.variants:
        assert len(re.findall(rf"^  {re.escape(variant.name)} ", block, re.MULTILINE)) == 1 + len(recipe.targets)
    assert "delegated" in block
    assert "verdict" in block


def table_rows(lines, heading):
    """The cells of the rows under each heading line that begins with `heading`, as the terminal prints them."""
    found = []
    inside = False
    for line in lines:
        if line.startswith("  variant "):
            inside = line.startswith(heading)
        elif not line.startswith("  "):
            inside = False
        elif inside:
            found.append(re.split(r"\s{2,}", line.strip()))
    return found


def masked(line):
    """A line of the command's progress without what another run may give: times, metrics, parity values."""
    return re.sub(r"\d+(\.\d+)?(e-\d+)?( s\b)?", "N", line)


def test_the_example_is_what_the_command_prints_today(digits):
    """Bytes, parameters, MACs, delegated nodes and headings to the letter; times and accuracies are another run's."""
    workspace, _, said = digits
    printed = (workspace / "first-report" / "report.txt").read_text().splitlines()
    block = README.partition("<!-- demo -->")[2].partition("<!-- /demo -->")[0].splitlines()
    for name in ("  variant          bytes", "  variant          latency"):
        assert [re.split(r"\s{2,}", line) for line in block if line.startswith(name[:25])] == [
            re.split(r"\s{2,}", line) for line in printed if line.startswith(name[:25])
        ]
    shown, now = (table_rows(lines, "  variant          bytes") for lines in (block, printed))
    assert [[row[column] for column in (0, 1, 3, 4)] for row in shown] == [
        [row[column] for column in (0, 1, 3, 4)] for row in now
    ]
    assert len(shown) == 4
    shown, now = (table_rows(lines, "  variant          latency") for lines in (block, printed))
    assert [(row[0], row[-3]) for row in shown] == [(row[0], row[-3]) for row in now]
    assert {row[-2] for row in shown} == {"ok"} and {row[-1] for row in shown} == {"baseline", "paid"}
    assert {row[-2] for row in now} <= {"ok", "unstable"}
    assert len(shown) == 8
    steps = [line for line in said.splitlines() if not line.startswith(("note", "report:"))]
    begin = next(index for index, line in enumerate(block) if line.startswith("step train"))
    end = next(index for index, line in enumerate(block) if line.startswith("digits-cnn   edgekit"))
    assert [masked(line) for line in block[begin:end]] == [masked(line) for line in steps]
    for line in ("latency: input copied", "change: paired", "delegated: nodes"):
        assert [text for text in block if text.startswith(line)] == [text for text in printed if text.startswith(line)]
