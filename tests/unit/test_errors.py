"""Every error: its exit code, its sentence and its place."""

import inspect
import re
from pathlib import Path

import pytest

from edgekit import errors
from edgekit.errors import EdgekitError

ARCHITECTURE = (Path(__file__).resolve().parents[2] / "docs" / "architecture.md").read_text()
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, EdgekitError)]
CODES = {
    "EdgekitError": 1,
    "UsageError": 2,
    "RecipeError": 2,
    "MissingDependency": 3,
    "CompressError": 1,
    "DataError": 1,
    "ConvertError": 1,
    "ParityError": 1,
    "ModelFileError": 1,
    "ResultError": 1,
    "DeviceError": 4,
    "AdbMissing": 4,
    "NoDevice": 4,
    "SeveralDevices": 4,
    "Unauthorized": 4,
    "Offline": 4,
    "AdbTimeout": 4,
    "DeviceGone": 4,
    "DeviceReplaced": 4,
    "PushFailed": 4,
    "RunnerError": 4,
    "ProtocolMismatch": 4,
    "GateFailed": 5,
    "Interrupted": 130,
}
CLOSED_PIPE = 141


def test_exit_codes():
    assert {kind.__name__: kind.exit_code for kind in KINDS} == CODES
    assert errors.SOME_ROW_FAILED == 6


@pytest.mark.parametrize("name", [name for name in CODES if name != "EdgekitError"])
def test_the_tree_at_the_top_names_it(name):
    assert re.search(rf"\b{name}\b", errors.__doc__)


def test_codes_are_in_the_table():
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", ARCHITECTURE, re.MULTILINE))
    assert {int(code) for code in table} == {0, *CODES.values(), errors.SOME_ROW_FAILED, CLOSED_PIPE}


def test_a_message_is_the_exceptions_text():
    error = EdgekitError("3 of 4 are missing", "add them")
    assert (str(error), error.message, error.hint) == ("3 of 4 are missing", "3 of 4 are missing", "add them")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({}, "too small"),
        ({"key": "plan.launches"}, "plan.launches: too small"),
        ({"file": Path("a/b.toml")}, "a/b.toml: too small"),
        ({"file": Path("a/b.toml"), "key": "plan.launches"}, "a/b.toml: plan.launches: too small"),
    ],
)
def test_a_recipes_error_names_the_place(place, message):
    assert errors.RecipeError("too small", **place).message == message


@pytest.mark.parametrize("kind", [errors.ModelFileError, errors.ResultError])
def test_a_files_error_names_the_file(kind):
    assert kind("cut short", path="x.tflite").message == "x.tflite: cut short"
    assert kind("cut short").message == "cut short"


def test_a_missing_package_brings_the_line_that_installs_it():
    error = errors.MissingDependency("torch", "torch", "compressing")
    assert error.message == "the package torch is not installed (compressing)"
    assert error.hint == "pip install 'edgekit-toolkit[torch]'"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.0512, "gate max_metric_drop of variant int8: 0.0512, the limit is 0.03"),
        (None, "gate max_metric_drop of variant int8: not measured, the limit is 0.03"),
    ],
)
def test_a_missed_gate_says_by_how_much(value, message):
    error = errors.GateFailed("max_metric_drop", 0.03, value, "int8")
    assert error.message == message
    assert (error.gate, error.limit, error.value) == ("max_metric_drop", 0.03, value)


def test_values_for_who_catches_them():
    assert errors.ConvertError("no", ops=["aten.fft"]).ops == ("aten.fft",)
    parity = errors.ParityError("off", output="out", error=0.2, tolerance=0.1)
    assert (parity.output, parity.error, parity.tolerance) == ("out", 0.2, 0.1)
    assert errors.Offline("gone", serial="R3").serial == "R3"
    assert errors.Interrupted().message == "interrupted"
