"""`edgekit inspect` with --delegate, --require and --svg."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from cli.tools import FLOAT

WHOLE = "cpu (XNNPACK of ai-edge-litert 2.3.0): 3 of 3 nodes, 1 partition, 100.0 % of the MACs"
INT8 = FLOAT.with_name("int8.tflite")


def test_a_forecast_stands_below_what_the_file_holds(edgekit):
    plain, done = edgekit("inspect", FLOAT), edgekit("inspect", FLOAT, "--delegate", "cpu")
    assert (plain.code, done.code, done.err) == (0, 0, "")
    assert done.out.startswith(plain.out)
    assert done.out.removeprefix(plain.out).splitlines() == ["", "forecast", WHOLE]


def test_all_delegates_and_one_twice(edgekit):
    every = edgekit("inspect", INT8, "--delegate", "all", "--delegate", "cpu").out.split("\nforecast\n")[1]
    lines = [line for line in every.splitlines() if not line.startswith(" ")]
    assert [line.split(" ")[0] for line in lines][:2] == ["cpu", "cpu@android"]
    assert len(lines) == len(set(lines))
    assert "  left FULLY_CONNECTED, node " in every
    assert "    source: TFLite 2.16.1: asked of the library with files of one operator" in every


def test_json(edgekit):
    plain = json.loads(edgekit("inspect", FLOAT, "--format", "json").out)
    told = json.loads(edgekit("inspect", FLOAT, "--format", "json", "-d", "cpu").out)
    (cpu,) = told.pop("coverage")
    assert told == plain
    assert (cpu["delegate"], cpu["taken"], cpu["total"], cpu["partitions"]) == ("cpu", 3, 3, 1)
    assert [node["operator"] for node in cpu["nodes"]] == ["DEPTHWISE_CONV_2D", "MAX_POOL_2D", "FULLY_CONNECTED"]


def test_a_gate_that_holds(edgekit):
    done = edgekit("inspect", FLOAT, "--require", "cpu>=100%", "--require", "cpu.macs>=99.5%")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == WHOLE


def test_a_gate_that_is_missed_hides_nothing(edgekit):
    gates = ["--require", "cpu@android>=90%", "--require", "cpu@android.macs>=99%", "--require", "cpu>=100%"]
    shown = edgekit("inspect", INT8, "-d", "cpu@android", "-d", "cpu")
    done = edgekit("inspect", INT8, *gates)
    assert done.code == 5
    assert done.out == shown.out
    lines = done.err.splitlines()
    assert lines[0].startswith(f"gate cpu@android.macs>=99% of file {INT8}: ")
    assert lines[1].startswith(f"edgekit: gate cpu@android>=90% of file {INT8}: ")
    assert lines[2].startswith("  percent of ")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("text", ["cpu>95%", "cpu", "tpu>=95%", "cpu>=120%"])
def test_a_gate_that_is_not_understood(edgekit, text):
    done = edgekit("inspect", FLOAT, "--require", text)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"edgekit: --require {text!r}")


def test_an_unknown_delegate(edgekit):
    done = edgekit("inspect", FLOAT, "--delegate", "gpux")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("edgekit: --delegate 'gpux' is not known")
    assert "cpu@android" in done.err


def test_a_picture(tmp_path, edgekit):
    done = edgekit("inspect", FLOAT, "--delegate", "cpu", "--svg", "graph.svg")
    assert (done.code, done.err) == (0, "wrote graph.svg\n")
    drawn = ElementTree.fromstring((tmp_path / "graph.svg").read_text())
    assert "float.tflite" in "".join(drawn.itertext())


@pytest.mark.parametrize("chosen", [[], ["--delegate", "all"]])
def test_a_picture_shows_one_delegate(edgekit, chosen):
    done = edgekit("inspect", FLOAT, "--svg", "graph.svg", *chosen)
    assert done.code == 2
    assert done.err.startswith("edgekit: --svg draws the partitions of one delegate, and ")


def test_a_picture_in_a_folder_that_is_not_there(edgekit):
    done = edgekit("inspect", FLOAT, "--delegate", "cpu", "--svg", "none/graph.svg")
    assert (done.code, done.out) == (1, "")
