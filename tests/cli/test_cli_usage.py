"""The command line itself: what is missing, misspelt or too much, and where a result may go."""

import importlib
import os
import subprocess
import sys

import pytest
from cli.tools import FLOAT, REPORT, assert_refused, environment, shell, write_recipe

from edgekit import __version__
from edgekit.cli.main import COMMANDS, SUMMARIES


def test_without_arguments_the_help_goes_to_standard_error(edgekit):
    done = edgekit()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: edgekit [OPTIONS] COMMAND [ARGS]...")
    assert all(f"\n  {command} " in done.err for command in COMMANDS)


def test_version_and_help(edgekit, tmp_path):
    assert edgekit("--version") == shell("--version", folder=tmp_path)
    assert edgekit("--version").out == f"{__version__}\n"
    for words in (["--help"], ["-h"], *([command, "-h"] for command in COMMANDS)):
        done = edgekit(*words)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("Usage: edgekit ")


@pytest.mark.parametrize(
    ("words", "sentence", "hint"),
    [
        (["rnu"], "no such command 'rnu'. Did you mean 'run'?", "edgekit --help says what it takes"),
        (["--verison"], "no such option: --verison (Possible options: --version)", "edgekit --help says what it takes"),
        (["run"], "missing argument 'RECIPE'", "edgekit run --help says what it takes"),
        (["bench"], "missing argument 'artifacts'", "edgekit bench --help says what it takes"),
        (["report", "a", "b"], "got unexpected extra argument(s) (b)", "edgekit report --help says what it takes"),
        (
            ["run", "x", "--launchs", "3"],
            "no such option: --launchs (Possible options: --launches)",
            "edgekit run --help says what it takes",
        ),
        (
            ["run", "x", "--launches", "0"],
            "invalid value for '--launches': 0 is not in the range x>=1",
            "edgekit run --help says what it takes",
        ),
        (
            ["run", "x", "--min-seconds", "-1"],
            "invalid value for '--min-seconds': -1.0 is not in the range x>=0.0",
            "edgekit run --help says what it takes",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_words_that_the_parser_does_not_know(refused, words, sentence, hint):
    refused(2, sentence, hint, *words)


FOUR, TWO = "one of: terminal, json, md, csv, html", "one of: text, json"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["run", "tiny.toml"], FOUR),
        (["bench", FLOAT], FOUR),
        (["report", REPORT], FOUR),
        (["compare", REPORT, REPORT], TWO),
        (["compress", "tiny.toml"], TWO),
        (["convert", "tiny.toml"], TWO),
        (["inspect", FLOAT], TWO),
        (["recipes"], TWO),
        (["devices"], TWO),
        (["doctor"], TWO),
        (["cache"], TWO),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_misspelt_format(tmp_path, refused, words, hint):
    write_recipe(tmp_path)
    refused(2, "--format 'jsn' is not known, did you mean 'json'?", hint, *words, "--format", "jsn")


def test_new_refuses_what_it_cannot_write(tmp_path, refused):
    write_recipe(tmp_path)
    refused(2, "tiny is no recipe's name", "end it with .toml: tiny.toml", "new", "tiny")
    refused(2, "tiny.toml is there already", "name another file, or remove it first", "new", "tiny.toml")
    example = "for example my_module:build"
    refused(2, "--model 'my_net' is not module:function", example, "new", "mine.toml", "--model", "my_net")
    known = "one of: classification, regression"
    sentence = "--task 'regresion' is not known, did you mean 'regression'?"
    refused(2, sentence, known, "new", "mine.toml", "--task", "regresion")


def test_a_result_file_whose_folder_is_not_there(refused):
    """Said before the work is done, not after it."""
    hint = "check the path, its rights and the free space"
    refused(1, "none: No such file or directory", hint, "report", REPORT, "--out", "none/report.md")
    refused(1, "none/deep: No such file or directory", hint, "run", "digits-cnn", "--out", "none/deep/report.md")
    refused(1, "..: Is a directory", hint, "run", "digits-cnn", "--out", "..")


def test_a_result_file_is_the_result(edgekit, tmp_path):
    done = edgekit("report", REPORT, "--format", "md", "--out", "report.md")
    assert (done.code, done.out, done.err) == (0, "", "wrote report.md\n")
    assert (tmp_path / "report.md").read_text() == edgekit("report", REPORT, "--format", "md").out


def test_a_reader_that_goes_away_is_no_error_message(tmp_path):
    """`edgekit ... | head -0`: the shell's code for a closed pipe, and not a word."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "edgekit", "report", str(REPORT), "--format", "json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_debug_in_a_process_of_its_own(tmp_path):
    for debug in (False, True):
        words = ["report", "none.json", *(["--debug"] if debug else [])]
        done = shell(*words, folder=tmp_path)
        sentence = "none.json: cannot be read: No such file or directory"
        assert_refused(done, 1, sentence, "name a report.json, or the folder that holds it", debug=debug)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_summary_of_a_command_is_the_first_line_of_its_help(command):
    module, _, function = COMMANDS[command].partition(":")
    documented = getattr(importlib.import_module(module), function).__doc__
    assert documented.strip().splitlines()[0] == SUMMARIES[command]
    assert list(SUMMARIES) == list(COMMANDS)


@pytest.mark.parametrize("words", [["run", "digits-cnn"], ["bench", FLOAT]], ids=["run", "bench"])
@pytest.mark.parametrize("seed", ["-5", str(2**32), "99999999999999999999"])
def test_a_seed_that_numpy_would_refuse_is_refused_before_any_work(tmp_path, edgekit, words, seed):
    done = edgekit(*words, "--seed", seed)
    assert done.code == 2
    assert f"{seed} is not in the range 0<=x<=4294967295" in done.err
    assert "this is a bug" not in done.err
    assert list(tmp_path.iterdir()) == []
