"""Variants that a command derives from a recipe's: what they keep of them, and what is refused."""

import pytest

from edgekit.errors import UsageError
from edgekit.pipeline.precisions import Asked, _variant
from edgekit.pipeline.rewriting import for_goal
from edgekit.recipe.spec import VariantSpec

LOOPED = VariantSpec(name="l", steps=("train",), precision="float32", recurrent="looped", form_of="f")


def test_another_precision_keeps_the_form_and_the_goal():
    made = _variant(LOOPED, Asked(precision="int8-dynamic"))
    assert (made.name, made.recurrent, made.steps, made.form_of) == ("l-int8-dynamic", "looped", ("train",), "")
    goal = VariantSpec(name="g", steps=(), precision="float32", rewrite_for="gpu")
    assert _variant(goal, Asked(precision="int8")).rewrite_for == "gpu"


def test_a_precision_that_the_form_is_not_written_in():
    fused = VariantSpec(name="f", steps=(), precision="float32", recurrent="fused")
    with pytest.raises(UsageError, match="--precision: the fused form is not written in int8"):
        _variant(fused, Asked(precision="int8"))


def test_palettes_are_core_mls():
    made = _variant(VariantSpec(name="v", steps=(), precision="float32"), Asked(precision="palettized8"))
    assert made.format == "coreml"


def test_what_is_not_rewritten():
    with pytest.raises(UsageError, match="--for of variant l: 'gpu': graphs of the looped form are not rewritten"):
        for_goal(LOOPED, "gpu")
    core = VariantSpec(name="c", steps=(), precision="fp16", format="coreml")
    with pytest.raises(UsageError, match="graphs of Core ML are not rewritten"):
        for_goal(core, "nnapi")
