"""Files that are missing, truncated, random or from a newer edgekit: exit code 1 and the file's name."""

import io
import json
import random
import sys

import pytest
from cli.tools import FLOAT, GOLDEN, REPORT, assert_refused, files_in

AGAIN = "convert or copy it again"
RESTORE = "measure again, or restore the file"
NAME_IT = "name a report.json, or the folder that holds it"


def random_bytes(count, seed=3):
    return random.Random(seed).randbytes(count)


@pytest.mark.parametrize("command", ["inspect", "bench"])
@pytest.mark.parametrize("length", [0, 3, 8, 500, 2000])
def test_a_truncated_model_file(tmp_path, edgekit, command, length):
    (tmp_path / "cut.tflite").write_bytes(FLOAT.read_bytes()[:length])
    for debug in ([], ["--debug"]):
        done = edgekit(command, "cut.tflite", *debug)
        assert (done.code, done.out) == (1, "")
        sentence, hint = done.err.splitlines()[-2:]
        assert sentence.startswith("edgekit: cut.tflite: ")
        assert hint == f"  {AGAIN}"
        assert ("Traceback" in done.err) is bool(debug)
    assert files_in(tmp_path) == ["cut.tflite"]


@pytest.mark.parametrize("command", ["inspect", "bench"])
def test_random_bytes_for_a_model(tmp_path, refused, command):
    content = random_bytes(4000)
    (tmp_path / "random.tflite").write_bytes(content)
    begin = f"it begins with {content[:8]!r}, and bytes 4 to 8 of one are TFL3"
    refused(1, f"random.tflite: not a whole .tflite file: {begin}", AGAIN, command, "random.tflite")


@pytest.mark.parametrize("seed", range(40))
def test_a_model_with_a_few_wrong_bytes_never_ends_in_a_traceback(tmp_path, edgekit, seed):
    generator = random.Random(seed)
    content = bytearray(FLOAT.read_bytes())
    for _ in range(6):
        content[generator.randrange(len(content))] = generator.randrange(256)
    (tmp_path / "bent.tflite").write_bytes(content)
    done = edgekit("inspect", "bent.tflite")
    assert done.code in (0, 1)
    assert "this is a bug" not in done.err
    assert "Traceback" not in done.err


def test_a_model_file_that_is_not_there(tmp_path, refused):
    for command in ("inspect", "bench"):
        refused(
            *(1, "none.tflite: cannot be read: No such file or directory", "name a .tflite file"),
            *(command, "none.tflite"),
        )
        refused(1, ".: cannot be read: Is a directory", "name a .tflite file", command, ".")


def test_a_missing_file_to_push(refused):
    refused(2, "none.tflite is no file", "name the file to push", "push", "none.tflite")


def test_a_report_from_a_newer_edgekit(tmp_path, refused):
    newer = json.loads(REPORT.read_text()) | {"version": 99, "something": "new"}
    (tmp_path / "report.json").write_text(json.dumps(newer))
    sentence = "report.json: report format 99 is newer than this edgekit reads (up to 3)"
    upgrade = "pip install --upgrade edgekit-toolkit"
    refused(1, sentence, upgrade, "report", "report.json")
    refused(1, sentence, upgrade, "report", ".")
    refused(1, sentence, upgrade, "compare", REPORT, "report.json")


@pytest.mark.parametrize(
    ("content", "sentence", "hint"),
    [
        ("{", "not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))", RESTORE),
        ("[]", "not an edgekit report", "name a report.json that `edgekit run` or `bench` wrote"),
        (
            '{"schema": "edgekit.run"}',
            "not an edgekit report",
            "name a report.json that `edgekit run` or `bench` wrote",
        ),
        (
            '{"schema": "edgekit.report", "version": 1, "titel": "x"}',
            "titel: unknown key, did you mean 'title'?",
            RESTORE,
        ),
        ('{"schema": "edgekit.report", "version": 1}', "edgekit: missing", RESTORE),
    ],
)
def test_a_report_that_cannot_be_read(tmp_path, refused, content, sentence, hint):
    (tmp_path / "report.json").write_text(content)
    refused(1, f"report.json: {sentence}", hint, "report", "report.json")


def test_a_report_that_is_not_there(refused):
    refused(1, "none.json: cannot be read: No such file or directory", NAME_IT, "report", "none.json")
    refused(1, "report.json: cannot be read: No such file or directory", NAME_IT, "report", ".")


@pytest.fixture
def standard_input(monkeypatch):
    def give(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


def test_a_dash_is_standard_input(edgekit, standard_input):
    for words in (["report", "-", "--format", "json"], ["compare", "-", str(REPORT), "--format", "json"]):
        standard_input(REPORT.read_bytes())
        done = edgekit(*words)
        assert (done.code, done.err) == (0, "")
        assert done.out == edgekit(*(str(REPORT) if word == "-" else word for word in words)).out
    standard_input(FLOAT.read_bytes())
    assert edgekit("inspect", "-").out == edgekit("inspect", FLOAT).out
    standard_input(b"x")
    assert_refused(edgekit("report", "-"), 1, "-: not JSON (Expecting value: line 1 column 1 (char 0))", RESTORE)


@pytest.mark.parametrize("format", ["terminal", "json", "md", "csv", "html"])
def test_every_format_of_a_report_is_the_golden_one(edgekit, format):
    suffix = {"terminal": "txt"}.get(format, format)
    done = edgekit("report", REPORT, "--format", format)
    assert (done.code, done.err) == (0, "")
    assert done.out.rstrip("\n") == (GOLDEN / "report" / f"report.{suffix}").read_text().rstrip("\n")


def test_json_parses(edgekit):
    for words in (["inspect", FLOAT], ["compare", REPORT, REPORT], ["recipes"], ["cache"], ["report", REPORT]):
        done = edgekit(*words, "--format", "json")
        assert (done.code, done.err) == (0, "")
        assert isinstance(json.loads(done.out), (dict, list))
    names = {recipe["name"] for recipe in json.loads(edgekit("recipes", "--format", "json").out)}
    assert names >= {"digits-cnn", "efficientnet-lite0"}


def test_a_workspace_that_is_a_file(tmp_path, refused):
    (tmp_path / "taken").write_text("x")
    hint = "check the path, its rights and the free space"
    for words in (["cache"], ["bench", FLOAT], ["run", "digits-cnn"], ["convert", "digits-cnn"]):
        refused(1, "taken: Not a directory", hint, *words, "--workspace", "taken")
