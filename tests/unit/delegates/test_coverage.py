"""What a forecast says: counts, shares, groups, gates, the picture; and files that nobody wrote in good faith."""

import json
import random
import xml.etree.ElementTree as ElementTree

import pytest
from fuzzing.file_parsers import MODELS
from fuzzing.mutate import mutated
from unit.delegates.graphs import graph, model, operator, tensor
from unit.tflite import built
from unit.tflite.test_reader import random_model

from edgekit.delegates import DELEGATES, Refusal, Unknown, conclude, describe, picture, predict, requirement
from edgekit.delegates.layout import BOX, layers, place
from edgekit.errors import GateFailed, ModelFileError, UsageError
from edgekit.runner import codec
from edgekit.tflite import read


def layer(index, given, made, weights):
    return operator("FULLY_CONNECTED", [given, weights], [made])


def small():
    """FULLY_CONNECTED (8 x 4), POW, FULLY_CONNECTED (4 x 3), with the file's weights."""
    tensors = [
        tensor(0, shape=(1, 8)),
        tensor(1, shape=(4, 8), constant=True),
        tensor(2, shape=(1, 4)),
        tensor(3, shape=(1, 4)),
        tensor(4, shape=(3, 4), constant=True),
        tensor(5, shape=(1, 3)),
    ]
    nodes = [layer(0, 0, 2, 1), operator("POW", [2, 2], [3]), layer(2, 3, 5, 4)]
    return model(graph(nodes, tensors, inputs=(0,), outputs=(5,)))


REFUSAL = Refusal(rule="no POW", source="a.cc: VisitNode", mend="take MUL")


def found(*judged):
    return conclude(small(), judged, delegate="cpu", runtime="a runtime")


def test_counts_and_shares():
    both = found(None, REFUSAL, None)
    assert (both.total, both.taken, both.unknown, both.partitions) == (3, 2, 0, 2)
    assert (both.share, both.macs_share) == (2 / 3, 1.0)
    assert [node.partition for node in both.nodes] == [0, None, 1]
    assert found(REFUSAL, REFUSAL, None).macs_share == 12 / (32 + 12)


def test_an_unknown_node_leaves_the_partitions_unknown():
    unsure = found(None, Unknown(rule="blocks", source="a.cc: f"), None)
    assert (unsure.taken, unsure.unknown, unsure.partitions) == (2, 1, None)
    assert unsure.nodes[1].taken is None
    text = describe.render(unsure)
    assert text.startswith("cpu (a runtime): 2 of 3 nodes (1 unknown), unknown partitions, 100.0 % of the MACs\n")
    assert "  unknown POW, node 1\n    blocks\n    source: a.cc: f" in text


def test_alike_nodes_stand_together():
    text = describe.render(found(REFUSAL, REFUSAL, None))
    assert text.splitlines() == [
        "cpu (a runtime): 1 of 3 nodes, 1 partition, 27.3 % of the MACs",
        "  left FULLY_CONNECTED, node 0",
        "    no POW",
        "    source: a.cc: VisitNode",
        "    mend: take MUL",
        "  left POW, node 1",
        "    no POW",
        "    source: a.cc: VisitNode",
        "    mend: take MUL",
    ]
    many = model(graph([operator("POW", [k, k], [k + 1]) for k in range(30)]))
    said = describe.render(conclude(many, [REFUSAL] * 3 + [None] + [REFUSAL] * 26, delegate="d", runtime="r"))
    assert "  left POW (29 nodes), nodes 0-2, 4-29\n" in said


def test_as_data_is_json():
    data = json.loads(codec.dumps(describe.as_data(found(None, REFUSAL, None))))
    assert (data["taken"], data["total"], data["partitions"], data["share"]) == (2, 3, 2, 2 / 3)
    assert data["nodes"][1] == {
        "index": 1,
        "operator": "POW",
        "taken": False,
        "partition": None,
        "rule": "no POW",
        "source": "a.cc: VisitNode",
        "mend": "take MUL",
    }


@pytest.mark.parametrize(
    ("text", "passes"),
    [("cpu>=66%", True), ("cpu>=66.7%", False), ("cpu.macs>=100%", True), ("cpu >= 0 %", True), ("cpu>=100%", False)],
)
def test_a_gate(text, passes):
    failure = requirement.parse(text, DELEGATES).failure(found(None, REFUSAL, None), "m.tflite")
    assert (failure is None) is passes
    if failure is not None:
        assert isinstance(failure, GateFailed)
        assert failure.exit_code == 5
        assert str(failure) == f"gate {text} of file m.tflite: 66.6667, the limit is {failure.limit:g}"


def test_a_gate_on_macs_that_the_graph_does_not_have():
    none = conclude(model(graph([operator("ABS", [0], [1])])), [None], delegate="cpu", runtime="r")
    failure = requirement.parse("cpu.macs>=1%", DELEGATES).failure(none, "m")
    assert str(failure) == "gate cpu.macs>=1% of file m: not measured, the limit is 1"


@pytest.mark.parametrize(
    "text", ["", "cpu", "cpu>95%", "cpu>=95", "cpu>=101%", "tpu>=5%", "cpu>=nan%", "cpu>=-5%", "cpu.x>=5%"]
)
def test_a_gate_that_is_none(text):
    with pytest.raises(UsageError, match="--require"):
        requirement.parse(text, DELEGATES)


def boxes(svg):
    root = ElementTree.fromstring(svg)
    return [rect for rect in root.iter("{http://www.w3.org/2000/svg}rect") if rect.get("width") == str(BOX[0])]


def test_the_picture_has_a_box_for_each_node_and_end():
    svg = picture.render(small(), found(None, REFUSAL, None), "a & b.tflite")
    assert len(boxes(svg)) == 3 + 2
    assert "a &amp; b.tflite" in svg
    fills = [rect.get("fill") for rect in boxes(svg)]
    assert fills == [picture.COLOURS[0], picture.LEFT, picture.COLOURS[1], picture.END, picture.END]
    titles = [node.text for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert titles[1].splitlines()[:4] == ["node 1 POW v1", "left on the CPU", "no POW", "source: a.cc: VisitNode"]


def test_boxes_do_not_lie_on_each_other():
    chance = random.Random(4)
    edges = [(chance.randint(max(0, k - 6), k), k + 1) for k in range(150) for _ in range(2)]
    places = place(151, edges, [0])
    assert len(places.edges) == len(edges)
    for first in range(151):
        x, y = places.boxes[first]
        assert BOX[0] / 2 <= x <= places.width - BOX[0] / 2
        assert BOX[1] / 2 <= y <= places.height - BOX[1] / 2
        for second in range(first):
            apart = abs(x - places.boxes[second][0]) >= BOX[0] or abs(y - places.boxes[second][1]) >= BOX[1]
            assert apart, (first, second)
    assert 0.5 < places.width / places.height < 4


def test_constants_stand_above_what_reads_them():
    assert layers(6, [(0, 1), (1, 2), (2, 3), (4, 5), (5, 3)], [0]) == [0, 1, 2, 3, 1, 2]


def test_a_graph_too_large_for_a_picture():
    edges = [(0, k) for k in range(1, 400)] + [(k, k + 1) for k in range(399)]
    with pytest.raises(UsageError, match="^m is too large for a picture"):
        nodes = [operator("ABS", [k], [k + 1]) for k in range(400)]
        nodes += [operator("ADD", [1, 400], [401 + k]) for k in range(400)]
        large = model(graph(nodes))
        picture.render(large, conclude(large, [None] * 800, delegate="cpu", runtime="r"), "m")
    assert len(edges) == 798


def test_damaged_files_get_a_forecast_or_a_sentence():
    """Whatever the reader takes is forecast, for every delegate; nothing else is raised."""
    chance, forecasts = random.Random(7), 0
    for number in range(1500):
        content = built.file(random_model(chance)) if number % 3 == 0 else mutated(chance, MODELS)
        try:
            taken = read(content)
        except ModelFileError:
            continue
        forecasts += 1
        for delegate in DELEGATES:
            said = predict(taken, delegate)
            assert said.taken + said.unknown <= said.total == len(taken.main.operators)
            assert describe.render(said)
            assert codec.dumps(describe.as_data(said))
    assert forecasts > 300
