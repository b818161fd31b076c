"""The GPU forecast against what TensorFlow's analyzer 2.16.1 and the Android library's delegate answered.

`benchmarks/forecast_gpu.py --answers` asked them and wrote tests/golden/delegates/gpu_answers.json.
"""

import json
from pathlib import Path

import pytest

from edgekit.delegates import gpu, gpu_rules
from edgekit.delegates.rules import Around, Refused
from edgekit.tflite import read

ROOT = Path(__file__).resolve().parents[3]
ANSWERS = json.loads((ROOT / "tests/golden/delegates/gpu_answers.json").read_text())


@pytest.fixture(scope="module")
def files():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        from one_operator import cases

        return {name: read(content) for name, content in cases()}


def warns(node):
    """The analyzer knows no neighbours."""
    try:
        gpu_rules.check_operator(node)
    except Refused as error:
        return "OperationParser::IsSupported" not in error.source
    return False


def test_the_files_are_those_that_were_asked_about(files):
    assert list(files) == list(ANSWERS["files"])
    assert len(files) == 733


def test_what_the_analyzer_asks_is_answered_alike(files):
    nodes = [(name, node) for name, model in files.items() for node in Around(model, model.main).nodes()]
    apart = [name for name, node in nodes if warns(node) != (node.index in ANSWERS["files"][name][0])]
    assert len(nodes) == 781
    assert apart == []


def test_the_delegate_takes_as_many_nodes_of_each_file(files):
    asked = {name: taken for name, (_, taken) in ANSWERS["files"].items() if taken is not None}
    apart = {
        name: taken
        for name, taken in asked.items()
        if sum(refusal is None for refusal in gpu.judge(files[name], files[name].main)) != taken
    }
    assert len(asked) > 700
    assert apart == dict.fromkeys([f"SPLIT rank {rank}" for rank in (1, 2, 3, 4)], 0)  # it had no OpenCL
