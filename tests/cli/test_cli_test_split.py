"""Only edgekit.evaluate opens a test split: held at run time, in the text, and by what a whole run gives."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from cli.tools import MODULE, RECIPE, write_recipe

import edgekit as package
from edgekit import evaluate
from edgekit.datasets import Source, Split
from edgekit.datasets.load import TestSplitOpened, guard

FOLDER = Path(package.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
MODULES = [".".join(["edgekit", *path.relative_to(FOLDER).with_suffix("").parts]) for path in FILES]
OTHERS = [name.removesuffix(".__init__") for name in MODULES if name != "edgekit.evaluate"]


def source():
    split = Split(inputs=(np.zeros((4, 1), np.float32),), labels=np.zeros(4, np.int64))
    return guard(Source(train=lambda: split, test=lambda: split))


@pytest.mark.parametrize("name", [*OTHERS, "__main__", "own", "edgekit.evaluate.more", "edgekit"])
def test_code_of_no_other_module_opens_it(name):
    ways = (
        "opened = source.test()",
        "opened = (lambda: source.test())()",
        "opened = [source.test() for _ in range(1)][0]",
        "test = source.test\ndef call():\n    return test()\nopened = call()",
        "import dataclasses\nopened = dataclasses.replace(source, train=source.train).test()",
    )
    for code in ways:
        scope = {"__name__": name, "source": source()}
        with pytest.raises(TestSplitOpened, match=f"^{name} opened the test split; only edgekit.evaluate may$"):
            exec(code, scope)
        assert "opened" not in scope


def test_evaluate_opens_it():
    assert len(evaluate.test_split(source())) == 4


def uses(path):
    """(what, line) of every place in a file that could open a test split."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr == "test" and isinstance(node.ctx, ast.Load):
            yield "source.test", node.lineno
        names = [node.id] if isinstance(node, ast.Name) else [node.attr] if isinstance(node, ast.Attribute) else []
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
        if "test_split" in names:
            yield "test_split", node.lineno
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            yield from (
                (word.value, node.lineno)
                for word in node.args
                if isinstance(word, ast.Constant) and word.value == "test"
            )


def test_no_other_module_names_it():
    found = {(str(path.relative_to(FOLDER)), what) for path in FILES for what, _ in uses(path)}
    assert found == {
        ("evaluate.py", "source.test"),
        ("evaluate.py", "test_split"),
        ("datasets/load.py", "source.test"),  # the guard itself
        ("pipeline/samples.py", "test_split"),  # evaluate.test_split
    }


TRACED = """
import sys
from pathlib import Path

HERE = Path(__file__).parent


def callers():
    frame, found = sys._getframe(2), []
    while frame is not None:
        found.append(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    return found


def traced():
    def test():
        with (HERE / "callers.txt").open("a") as file:
            file.write(" ".join(callers()) + chr(10))
        kind = (HERE / "kind.txt").read_text()
        if kind == "true":
            return part(1, 200)
        generator = np.random.default_rng(99)
        images = generator.normal(size=(120, 1, 8, 8)).astype(np.float32) * 50
        return Split(inputs=(images,), labels=generator.integers(0, 3, 120))

    return Source(train=lambda: part(0, 300), test=test)


def network():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 3)
    ).eval()
"""
STEPS = """
[steps.qat]
training = { epochs = 2 }

[variants.small]
steps = ["train", "prune", "qat"]
precision = "int8"

[variants.int8]
steps = ["train"]
precision = "int8"
"""


def test_a_whole_run_learns_nothing_from_it(tmp_path, edgekit):
    """Two runs whose test splits have nothing in common: the same weights and files, byte for byte, other accuracy."""
    text = RECIPE.replace("own:data", "own:traced").replace("own:build", "own:network")
    text = text.replace("ratio = 0.3", "ratio = 0.3\nfinetune = { epochs = 2 }").replace("epochs = 1", "epochs = 3")
    text = text.replace("[variants.float32]", '[variants.float32]\nsteps = ["train"]')
    text = text.replace('[variants.int8]\nprecision = "int8"\n', STEPS)
    write_recipe(tmp_path, text, MODULE + TRACED)
    reports, weights = [], []
    for kind in ("true", "other"):
        (tmp_path / "kind.txt").write_text(kind)
        done = edgekit("run", "tiny.toml", "--workspace", kind, "--format", "json")
        assert done.code == 0, done.err
        reports.append(json.loads(done.out)["rows"])
        stages = tmp_path / kind / "stages"
        weights.append({path.parent.name: path.read_bytes() for path in stages.glob("*/*.tflite")})
        calls = (tmp_path / "callers.txt").read_text().splitlines()
        assert len(calls) == len(reports), "opened once a run"
    assert weights[0] == weights[1]
    assert len(weights[0]) == 4, "three variants, and the float file that two of them begin with"
    for first, second in zip(*reports, strict=True):
        assert first["artifact_sha256"] == second["artifact_sha256"]
        assert first["parity"] == second["parity"]
        assert first["accuracy"]["value"] != second["accuracy"]["value"]
    for line in calls:
        ours = [name for name in line.split() if name.startswith("edgekit.")]
        assert ours[0] == "edgekit.datasets.load"
        assert next(name for name in ours if name != "edgekit.datasets.load") == "edgekit.evaluate"
        assert not [
            name for name in ours if name.startswith(("edgekit.compress", "edgekit.convert", "edgekit.measure"))
        ]
