"""`recurrent` in a recipe: one form, or all that a precision has."""

import pytest

from edgekit.errors import RecipeError
from edgekit.pipeline.session import open_session
from edgekit.progress import Silent
from edgekit.recipe.load import load

TEXT = """
[model]
factory = "vowels-gru"
[data]
source = "japanese-vowels"
[steps.train]
[steps.qat]
[variants.float32]
steps = ["train"]
precision = "float32"
recurrent = "auto"
[variants.int8]
steps = ["train"]
precision = "int8"
recurrent = "looped"
"""


def write(folder, text):
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def forms(recipe):
    return [(variant.name, variant.recurrent, variant.form_of) for variant in recipe.variants]


def test_auto_makes_a_variant_of_each_form(tmp_path):
    recipe = load(write(tmp_path, TEXT))
    assert forms(recipe) == [
        ("float32", "unrolled", "float32"),
        ("float32-looped", "looped", "float32"),
        ("float32-fused", "fused", "float32"),
        ("int8", "looped", ""),
    ]
    assert recipe.baseline == "float32"
    recipe = load(write(tmp_path, TEXT.replace('"looped"', '"auto"')))
    assert [name for name, _, _ in forms(recipe)][3:] == ["int8", "int8-looped"]


def test_a_variant_asked_for_brings_its_forms(tmp_path):
    session = open_session(str(write(tmp_path, TEXT)), tmp_path / "work", progress=Silent(), say=lambda text: None)
    assert [item.name for item in session.variants(("int8",))] == ["float32", "float32-looped", "float32-fused", "int8"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"looped"', '"fused"', "variants.int8.recurrent: the fused form is not written in int8"),
        ('"looped"', '"rolled"', "variants.int8.recurrent: 'rolled' is not one of"),
        ("[variants.int8]", "[variants.float32-looped]", "variants.float32-looped: a variant with recurrent"),
        (
            'steps = ["train"]\nprecision = "int8"',
            'steps = ["train", "qat"]\nprecision = "int8"',
            "variants.int8.recurrent: 'looped' after qat, which trains each step's scales",
        ),
    ],
)
def test_what_is_refused(tmp_path, old, new, sentence):
    assert TEXT.count(old) == 1
    with pytest.raises(RecipeError) as caught:
        load(write(tmp_path, TEXT.replace(old, new)))
    assert sentence in str(caught.value)
