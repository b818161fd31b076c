"""Variants rewritten for a delegate: the chain from a torch network to a file, its side-car and its parity."""

import functools

import numpy as np
import pytest
import torch
from torch import nn
from with_torch.conftest import fresh

from edgekit.artifact import Artifact, sidecar_path
from edgekit.compress import start
from edgekit.convert import convert_model
from edgekit.convert.from_torch import to_tflite
from edgekit.datasets import Split
from edgekit.pipeline.rewriting import for_goal, rewrite_words, rewriter
from edgekit.recipe.spec import REWRITE_GOALS, VariantSpec
from edgekit.runner import codec
from edgekit.tflite import read


class Shuffled(nn.Module):
    """A channel shuffle and a mean: five axes, and TRANSPOSEs around both."""

    def __init__(self):
        super().__init__()
        self.stem, self.spatial = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 1, 1, groups=8)
        self.classifier = nn.Linear(8, 4)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.classifier(self.spatial(x).mean((2, 3)))


@pytest.fixture(scope="module")
def shuffled():
    torch.manual_seed(0)
    return start.start(
        Shuffled().eval(), (np.zeros((1, 3, 8, 8), np.float32),), input_names=("image",), channels_last=(0,)
    )


@pytest.fixture(scope="module")
def noise():
    """Images of different brightness: a mean over noise alone is nearly the same for all."""
    generator = np.random.default_rng(0)
    bright = generator.uniform(0.1, 2, (400, 3, 1, 1)).astype(np.float32)
    images = generator.random((400, 3, 8, 8), dtype=np.float32) * bright
    return Split(inputs=(images,), labels=np.zeros(400, np.int64))


def convert(model, precision, split, folder, goal, float_file=None):
    return convert_model(
        model,
        precision,
        calibration=split.take(slice(0, 50)),
        parity_samples=split,
        folder=folder,
        recipe="r",
        variant=precision,
        float_file=float_file,
        rewrite=rewriter(goal) if goal else None,
    )


@pytest.fixture(scope="module")
def float_file(shuffled):
    return functools.cache(lambda: to_tflite(shuffled.network, shuffled))


@pytest.mark.parametrize("precision", ["float32", "fp16", "int8"])
def test_every_precision_begins_with_the_rewritten_graph(shuffled, noise, tmp_path, float_file, precision):
    artifact = convert(shuffled, precision, noise, tmp_path, "gpu", float_file)
    held = artifact.rewrites
    assert {item.rewrite: item.count for item in held.applied} == {"merged-moves": 1, "reductions-of-transposed": 1}
    assert max(item.error for item in held.applied) < 1e-6
    assert (held.before.total, held.after.taken, held.after.total, held.after.partitions) == (10, 7, 7, 1)
    assert held.before.taken < held.before.total
    names = [operator.name for operator in read((tmp_path / artifact.file).read_bytes()).main.operators]
    kept = [name for name in names if name not in ("QUANTIZE", "DEQUANTIZE")]
    assert kept == ["CONV_2D", "RESHAPE", "TRANSPOSE", "RESHAPE", "DEPTHWISE_CONV_2D", "MEAN", "FULLY_CONNECTED"]
    assert artifact.parity.passed, artifact.parity.reason
    assert codec.loads(Artifact, sidecar_path(tmp_path / artifact.file).read_bytes()) == artifact


def test_words_for_a_person(shuffled, noise, tmp_path, float_file):
    artifact = convert(shuffled, "float32", noise, tmp_path, "gpu", float_file)
    told = rewrite_words(artifact)
    assert told[0] == "rewritten for gpu: merged-moves 1x, reductions-of-transposed 1x"
    before = artifact.rewrites.before
    assert told[1] == f"gpu forecast: {before.taken} of 10 nodes -> 7 of 7"
    assert rewrite_words(convert(shuffled, "float32", noise, tmp_path, "", float_file)) == []


@pytest.mark.parametrize("goal", ["gpu", "nnapi"])
def test_the_digits_network_is_as_good_as_it_gets(context, tmp_path, goal):
    """Nothing to do: the file is the one that nobody rewrote, byte for byte."""
    model = fresh(context)
    split = context.data.train.take(slice(0, 300))
    made = functools.cache(lambda: to_tflite(model.network, model))
    artifact = convert(model, "float32", split, tmp_path, goal, made)
    content = (tmp_path / artifact.file).read_bytes()
    plain = convert(model, "float32", split, tmp_path, "", made)
    assert (tmp_path / plain.file).read_bytes() == content
    assert artifact.rewrites.applied == ()
    assert artifact.rewrites.before == artifact.rewrites.after
    assert (artifact.rewrites.after.taken, artifact.rewrites.after.total) == (7, 7)


def test_trained_ranges_stay_equal(trained_int8, context, tmp_path):
    """The int8 file itself is rewritten, after its scales were read back."""
    split = context.data.train.take(slice(0, 300))
    artifact = convert(trained_int8, "int8", split, tmp_path, "gpu")
    assert artifact.quantized_equal == artifact.quantized_tensors > 0
    assert artifact.parity.passed, artifact.parity.reason
    assert artifact.rewrites.goal == "gpu"


def test_a_goal_is_part_of_the_variants_name():
    variant = VariantSpec(name="int8", steps=(), precision="int8")
    assert for_goal(variant, "") is variant
    found = for_goal(variant, "xnnpack-sparse")
    assert (found.name, found.rewrite_for) == ("int8-for-xnnpack-sparse", "xnnpack-sparse")
    assert REWRITE_GOALS == ("gpu", "nnapi", "xnnpack-sparse")
