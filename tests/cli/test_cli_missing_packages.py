"""A package that is not installed: exit code 3 and the line that installs it. Each command has a fresh interpreter."""

import json

import pytest
from cli.tools import FLOAT, QUICK, assert_refused, changed, files_in, shell, write_recipe

HIDE = """
import importlib.machinery, sys
from edgekit.cli.main import main

hidden = sys.argv[1].split(",")
whole = importlib.machinery.PathFinder


class Finder:
    find_distributions = whole.find_distributions

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else whole.find_spec(name, path, target)


sys.meta_path[:] = [Finder if finder is whole else finder for finder in sys.meta_path]
main(sys.argv[2:])
"""
TORCH, DESKTOP = "pip install 'edgekit-toolkit[torch]'", "pip install 'edgekit-toolkit[desktop]'"
CORE = "pip install edgekit-toolkit"


def without(package, *words, folder):
    """The command as on a computer where `package` is not installed."""
    return shell(package, *words, folder=folder, start=("-c", HIDE))


@pytest.mark.parametrize(
    ("package", "words", "line"),
    [
        ("torch", ["run", "tiny.toml"], TORCH),
        ("torch", ["convert", "digits-cnn"], TORCH),
        ("sklearn", ["compress", "digits-cnn"], TORCH),
        ("torch_pruning", ["compress", "pruned.toml"], TORCH),
        ("numpy", ["run", "tiny.toml"], DESKTOP),
        ("numpy", ["bench", FLOAT], DESKTOP),
        ("numpy", ["bench", FLOAT, "--target", "loopback:0:cpu"], DESKTOP),
        ("adb_shell", ["bench", FLOAT, "--target", "loopback:0:cpu"], CORE),
        ("adb_shell", ["push", FLOAT, "--target", "loopback:0:cpu"], CORE),
        ("cryptography", ["push", FLOAT, "--target", "loopback:0:cpu"], CORE),
    ],
)
def test_the_line_that_installs_it(tmp_path, package, words, line):
    write_recipe(tmp_path)
    pruned = changed("[variants.int8]\n", '[variants.int8]\nsteps = ["prune"]\n')
    (tmp_path / "pruned.toml").write_text(pruned)
    done = without(package, *words, folder=tmp_path)
    assert_refused(done, 3, f"the package {package} is not installed", line)
    assert not [
        name for name in files_in(tmp_path) if "/building/" in name or "/reports/" in name or name[-4:] == ".tmp"
    ]


def test_the_traceback_with_debug(tmp_path):
    write_recipe(tmp_path)
    done = without("torch", "run", "tiny.toml", "--debug", folder=tmp_path)
    assert_refused(done, 3, "the package torch is not installed", TORCH, debug=True)


@pytest.mark.parametrize(
    ("package", "purpose"), [("litert_torch", " (converting from PyTorch)"), ("ai_edge_litert", "")]
)
def test_a_converter_that_is_not_installed(tmp_path, package, purpose):
    write_recipe(tmp_path)
    done = without(package, "convert", "tiny.toml", folder=tmp_path)
    line = TORCH if package == "litert_torch" else DESKTOP
    assert_refused(done, 3, f"the package {package} is not installed{purpose}", line)
    assert [name for name in files_in(tmp_path) if name.endswith(".tflite")] == []


def test_a_package_that_only_the_users_module_needs(tmp_path):
    write_recipe(tmp_path, module="import no_such_package\n")
    done = shell("run", "tiny.toml", folder=tmp_path)
    assert (done.code, done.out) == (3, "")
    sentence, hint = done.err.splitlines()
    assert sentence == "edgekit: the package no_such_package is not installed"
    assert hint.startswith("  install what brings it, for /")


@pytest.mark.parametrize(
    ("package", "target", "mend"),
    [
        ("ai_edge_litert", "desktop:cpu", DESKTOP),
        ("torch", "desktop:cpu@torch", TORCH),
    ],
)
def test_a_runtime_that_is_not_installed_is_a_row_with_the_line(tmp_path, package, target, mend):
    """One target of several that cannot run is a row, as docs/architecture.md says, not the end of the command."""
    done = without(package, "bench", FLOAT, "--target", target, "--format", "json", *QUICK, folder=tmp_path)
    assert done.code == 0
    (row,) = json.loads(done.out)["rows"]
    assert (row["status"], row["latency_ns"]) == ("unsupported", None)
    assert row["reason"] == f"{package} is not installed here: {mend}"


@pytest.mark.parametrize(
    ("package", "name", "code", "line"),
    [
        ("torch", "torch", 3, TORCH),
        ("numpy", "numpy", 3, DESKTOP),
        ("sklearn", "scikit-learn", 3, TORCH),
        ("PIL", "pillow", 0, TORCH),
    ],
)
def test_doctor_says_what_stops_what(tmp_path, package, name, code, line):
    done = without(package, "doctor", "--format", "json", folder=tmp_path)
    assert (done.code, done.err) == (code, "")
    (finding,) = [finding for finding in json.loads(done.out) if finding["subject"] == name]
    assert (finding["state"], finding["mend"]) == ("missing", line)
    assert finding["text"].startswith("not installed; stops ")


def test_nothing_but_the_core_reads_a_report_and_a_model(tmp_path):
    heavy = "numpy,torch,ai_edge_litert,flatbuffers,adb_shell,platformdirs,rich,sklearn,PIL"
    for words in (["inspect", FLOAT], ["recipes"], ["cache"]):
        done = without(heavy, *words, folder=tmp_path)
        assert (done.code, done.err) == (0, "")
