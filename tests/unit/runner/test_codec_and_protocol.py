"""The strict codec, and the job and run format on the golden files that the Android app reads too."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from edgekit.runner import codec, protocol

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@dataclasses.dataclass(frozen=True)
class Inner:
    number: float
    names: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Outer:
    inner: Inner
    options: Mapping[str, str | int | float | bool]
    maybe: int | None = None


def test_round_trip_keeps_kinds():
    value = Outer(inner=Inner(number=1.5, names=("a",)), options={"s": "x", "i": 1, "f": 0.5, "b": True}, maybe=None)
    again = codec.loads(Outer, codec.dumps(value))
    assert again == value
    assert [type(item) for item in again.options.values()] == [str, int, float, bool]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"inner": {"number": 1, "name": []}, "options": {}}', "inner.name: unknown key, did you mean 'names'?"),
        ('{"inner": {"number": "1"}, "options": {}}', 'inner.number: expected a number, got "1"'),
        ('{"inner": {"number": true}, "options": {}}', "inner.number: expected a number, got true"),
        ('{"inner": {"number": 1, "names": ["a", 2]}, "options": {}}', "inner.names[1]: expected a string, got 2"),
        ('{"options": {}}', "inner: missing"),
        ("[1]", "expected a table, got [1]"),
    ],
)
def test_problems_name_the_place(text, sentence):
    with pytest.raises(codec.CodecError) as caught:
        codec.loads(Outer, text)
    assert str(caught.value) == sentence


def test_numbers_without_a_json_form_are_refused():
    with pytest.raises(codec.CodecError, match="nan has no JSON form"):
        codec.dumps(Inner(number=float("nan")))


def test_deep_nesting_is_a_sentence():
    with pytest.raises(codec.CodecError):
        codec.loads(Outer, "[" * 100_000)


@pytest.mark.parametrize(
    ("name", "load", "dump"),
    [
        ("job.json", protocol.load_job, protocol.dump_job),
        ("run.json", protocol.load_run, protocol.dump_run),
    ],
)
def test_golden_protocol_files_read_and_write_the_same(name, load, dump):
    text = (GOLDEN / "protocol" / name).read_text()
    assert dump(load(text)) + "\n" == text


def test_golden_run_sets_every_key():
    run = json.loads((GOLDEN / "protocol" / "run.json").read_text())
    case = run["cases"][0]
    for part in ("phases", "samples", "threads", "nodes", "memory", "before", "after"):
        assert all(value is not None for value in case[part].values()), part
    assert run["cases"][1]["status"] == "unsupported"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 3}, "version: format 3 is newer than this edgekit reads (up to 2)"),
        ({"version": "1"}, "version: '1' is not a version this edgekit reads (2)"),
        ({"schema": "edgekit.run"}, "schema: expected 'edgekit.job'"),
        ({"cases": 3}, "cases: expected a list, got 3"),
        ({"case": []}, "case: unknown key, did you mean 'cases'?"),
    ],
)
def test_bad_jobs(change, sentence):
    job = json.loads((GOLDEN / "protocol" / "job.json").read_text()) | change
    with pytest.raises(codec.CodecError) as caught:
        protocol.load_job(json.dumps(job))
    assert str(caught.value) == sentence


def test_an_unknown_delegate_is_refused():
    job = json.loads((GOLDEN / "protocol" / "job.json").read_text())
    job["cases"][0]["delegate"] = "npu"
    with pytest.raises(codec.CodecError, match=r"cases\[0\].delegate: 'npu' is not one of 'cpu', 'cpu-default'"):
        protocol.load_job(json.dumps(job))


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**400], ids=["2^63", "-2^63", "400 digits"])
def test_whole_numbers_have_64_bits(number):
    with pytest.raises(codec.CodecError, match="expected a whole number of 64 bits"):
        codec.decode(int, number)
