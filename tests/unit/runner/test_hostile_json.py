"""Jobs, runs and reports that nobody wrote in good faith: each of these once ended in a traceback or a page of text."""

import json
import time

import pytest

from edgekit.errors import ResultError
from edgekit.result.store import MAX_BYTES, load_report, parse_report
from edgekit.runner import codec, protocol
from edgekit.runner.case import BadJob, safe_path
from edgekit.runner.main import main

JOB = {"schema": "edgekit.job", "version": 2, "id": "x", "edgekit": "0", "cases": []}


def sentence(text):
    with pytest.raises(codec.CodecError) as caught:
        protocol.load_job(text)
    assert len(str(caught.value)) < 400
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": ["x" * 100_000] * 10}, 'id: expected a string, got ["xxxxxx'),
        ({"id": [[]] * 100_000}, "id: expected a string, got [[], [], []"),
        ({"x" * 100_000: 1}, "xxxxx"),
        ({"version": "x" * 100_000}, "version: 'xxxxx"),
        ({"schema": "x" * 100_000}, "schema: expected 'edgekit.job'"),
        ({"id": "\ud800" * 5000}, "id: expected Unicode text"),
    ],
)
def test_a_sentence_is_as_long_as_a_sentence(change, said):
    assert sentence(json.dumps(JOB | change)).startswith(said)


def test_numbers_of_more_digits_than_python_writes():
    assert sentence(json.dumps(JOB | {"id": 0}).replace('"id": 0', '"id": ' + "9" * 5000)).startswith(
        "not JSON (Exceeds"
    )
    assert codec.shown(16**5000) == "a number of thousands of digits"
    assert codec.shown([1, 16**5000]).startswith("[1")
    assert sentence(json.dumps(JOB).replace('"version": 2', '"version": ' + "9" * 400)).startswith(
        "version: format 999"
    )


def test_keys_that_are_no_text_cannot_be_written_again():
    run = json.loads(protocol.dump_job(protocol.load_job(json.dumps(JOB))))
    assert run == JOB
    case = (
        '{"id": "c", "artifact": {"file": "a", "sha256": "", "size_bytes": 1}, "delegate": "cpu", "options": {"%s": 1}}'
    )
    text = json.dumps(JOB).replace("[]", f"[{case}]")
    assert protocol.load_job(text % "fine").cases[0].options == {"fine": 1}
    assert sentence(text % r"\ud800").startswith("cases[0].options: expected Unicode text")


def test_the_closest_name_is_not_looked_for_among_novels():
    started = time.monotonic()
    novel = "".join(chr(0x4E00 + number % 5000) for number in range(300_000))
    assert codec.closest(novel, ["x", novel[1:]]) == ""
    assert codec.closest("x" * 50, [f"{number:050}" for number in range(200_000)]) == ""
    assert codec.closest("cses", ["cases", "y" * 100_000]) == ", did you mean 'cases'?"
    assert time.monotonic() - started < 5


def test_files_that_are_too_long_are_not_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(protocol, "MAX_BYTES", 1000)
    assert sentence(json.dumps(JOB) + " " * 1000).endswith("bytes are too many (at most 1000)")
    (tmp_path / "job.json").write_text(json.dumps(JOB) + " " * 100_000)
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == "edgekit runner: job.json: 1001 bytes are too many (at most 1000)\n"
    with (tmp_path / "report.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ResultError, match=f"{MAX_BYTES + 1} bytes are no report"):
        load_report(tmp_path)
    with pytest.raises(ResultError, match=f"{MAX_BYTES + 1} bytes are no report"):
        parse_report(bytes(MAX_BYTES + 1))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_is_no_report(value):
    with pytest.raises(ResultError, match=f"not JSON \\({value} is no JSON\\)"):
        parse_report(f'{{"schema": "edgekit.report", "version": {value}}}'.encode())


@pytest.mark.parametrize(
    "name", ["", ".", "./", "a" * 256, "é" * 128, "a/" * 600, "/x", "../x", "a/../x", "a\0", "a\\b"]
)
def test_names_that_no_folder_takes(tmp_path, name):
    with pytest.raises(BadJob):
        safe_path(name, tmp_path)
    assert safe_path("outputs/" + "é" * 127, tmp_path).parent == tmp_path / "outputs"
