"""Recipes: what is accepted, and one sentence for everything that is not."""

import random
from pathlib import Path

import pytest

from edgekit.errors import EdgekitError, RecipeError
from edgekit.recipe.functions import call, resolve, source_files
from edgekit.recipe.load import load
from edgekit.recipe.spec import FunctionRef
from edgekit.recipe.steps import PruneOptions
from edgekit.recipe.table import find_recipe, find_recipes, recipes_text

GOOD = """
targets = ["desktop:cpu"]
[model]
factory = "digits-cnn"
[data]
source = "digits"
[steps.train]
epochs = 3
[steps.prune]
ratio = 0.3
[steps.qat]
[variants.float32]
steps = ["train"]
precision = "float32"
[variants.small]
steps = ["train", "prune", "qat"]
precision = "int8"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_a_good_recipe(tmp_path):
    recipe = load(write(tmp_path, GOOD))
    assert recipe.name == "mine"
    assert recipe.baseline == "float32"
    assert recipe.loss.name == "cross-entropy"
    assert [variant.steps for variant in recipe.variants] == [("train",), ("train", "prune", "qat")]
    assert isinstance(recipe.steps["prune"].options, PruneOptions)
    assert recipe.plan.launches == 7


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("epochs = 3", "epoch = 3", "steps.train.epoch: unknown key, did you mean 'epochs'?"),
        ("epochs = 3", 'epochs = "3"', 'steps.train.epochs: expected a whole number, got "3"'),
        ("epochs = 3", "epochs = 0", "steps.train.epochs: 0 is no number from 1 on"),
        ("ratio = 0.3", "ratio = 30", "steps.prune.ratio: 30 is not between 0 and 1"),
        ("ratio = 0.3", "ratio = -0.1", "steps.prune.ratio: -0.1 is not between 0 and 1"),
        ("ratio = 0.3", "", "steps.prune.ratio: missing"),
        ("ratio = 0.3", 'ratio = 0.3\nimportance = "l3"', "steps.prune.importance: 'l3' is not one of 'l1', 'l2'"),
        ("[steps.qat]", "[steps.qatt]", "steps.qatt.kind: no step is called 'qatt', did you mean 'qat'?"),
        ('["train"]', '["trian"]', "variants.float32.steps: no step is called 'trian', did you mean 'train'?"),
        ('"prune", "qat"', '"qat", "prune"', "variants.small.steps: 'qat' (qat) must be the last step"),
        ('precision = "int8"', 'precision = "fp16"', "variants.small.precision: 'fp16' after qat"),
        ('precision = "int8"', 'precision = "int5"', "variants.small.precision: 'int5' is not one of 'float32'"),
        ('precision = "int8"', 'precision = "int4"', "variants.small.precision: 'int4' after qat"),
        (
            'precision = "int8"',
            'precision = "int8"\nbudget = 1',
            "variants.small.budget: precision 'int8' takes no budget",
        ),
        (
            'precision = "int8"',
            'precision = "int8"\nexceptions = "int16"',
            "variants.small.exceptions: precision 'int8' has",
        ),
        ('precision = "int8"', 'precision = "int8"\nio = "int7"', "variants.small.io: 'int7' is not one of 'as made'"),
        ('"float32"\n', '"float32"\nio = "uint8"\n', "variants.float32.io: precision 'float32' has no 8-bit inputs"),
        ('"float32"\n', '"float32"\nio = "integer"\n', "variants.float32.io: precision 'float32' computes its inputs"),
        ('precision = "float32"', 'precision = "fp16"', "variants: no variant has precision float32"),
        (
            'precision = "int8"',
            'precision = "int8"\nrewrite_for = "cpu"',
            "variants.small.rewrite_for: 'cpu' is not one of",
        ),
        ('"desktop:cpu"', '"desktop:cpy"', "targets: target 'desktop:cpy': 'cpy' is no delegate, did you mean 'cpu'?"),
        ("[model]", "[modle]", "modle: unknown key, did you mean 'model'?"),
        ("targets", "baseline = 'small'\ntargets", "baseline: 'small' is no float32 variant"),
        ("targets", "[gates.smal]\n[plan]\nlaunches = 0\n[x]\ntargets", "x: unknown key"),
        ("[steps.qat]", "[plan]\nlaunches = 0\n[steps.qat]", "plan.launches: 0 is no number from 1 on"),
        ("[steps.qat]", "[gates.smal]\n[steps.qat]", "gates.smal: no variant is called 'smal', did you mean 'small'?"),
        ("[variants.small]", '[variants."sm/all"]', "variants: 'sm/all' is no name"),
        ("targets = [", "targets = ", "not TOML"),
    ],
)
def test_bad_recipes(tmp_path, old, new, sentence):
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(RecipeError) as caught:
        load(path)
    assert f"{path}: {sentence}" in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_a_missing_file(tmp_path):
    with pytest.raises(RecipeError, match="No such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(RecipeError, match="there is no recipe digits-cn, did you mean 'digits-cnn'"):
        find_recipe("digits-cn")


def test_mutated_recipes_never_crash(tmp_path):
    generator = random.Random(5)
    pieces = [
        "[",
        "]",
        "=",
        '"',
        "\n",
        "{",
        "}",
        "0",
        "-1",
        "1e999",
        "nan",
        "true",
        "[[x]]",
        "\0",
        "é",
        "steps",
        ".",
        "'",
    ]
    path = tmp_path / "mutated.toml"
    refused = 0
    for _ in range(2500):
        text = GOOD
        for _ in range(generator.randint(1, 4)):
            at = generator.randrange(len(text))
            text = text[:at] + generator.choice(pieces) + text[at + generator.randint(0, 6) :]
        path.write_text(text)
        try:
            load(path)
        except RecipeError:
            refused += 1
    assert 1500 < refused <= 2500


def test_functions_come_from_the_recipes_folder_first(tmp_path):
    (tmp_path / "json.py").write_text("def build(width=3):\n    return width\n")
    reference = FunctionRef(name="json:build", options={"width": 5})
    function = resolve(reference, {}, tmp_path)
    assert call(reference, function, key="model", file=tmp_path / "r.toml") == 5
    assert source_files(reference, {}, tmp_path) == (tmp_path / "json.py",)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("digit-cnn", "'digit-cnn' is no name edgekit knows, did you mean 'digits-cnn'? and no module:function"),
        ("nowhere:build", "no module 'nowhere' beside the recipe or installed"),
        ("own:biuld", "module own has no function 'biuld', did you mean 'build'?"),
    ],
)
def test_functions_that_are_not_there(tmp_path, name, sentence):
    (tmp_path / "own.py").write_text("def build():\n    return 1\n")
    with pytest.raises(RecipeError) as caught:
        resolve(FunctionRef(name=name), {"digits-cnn": "edgekit.zoo.digits_cnn:digits_cnn"}, tmp_path)
    assert sentence in caught.value.message


def test_an_option_the_function_does_not_take(tmp_path):
    (tmp_path / "own.py").write_text("def build(width=3):\n    return width\n")
    reference = FunctionRef(name="own:build", options={"widht": 5})
    with pytest.raises(
        EdgekitError, match="model.options: own:build: got an unexpected keyword argument 'widht'"
    ) as caught:
        call(reference, resolve(reference, {}, tmp_path), key="model", file=Path("r.toml"))
    assert caught.value.hint == "it takes: width"


def test_every_recipe_that_edgekit_brings_loads():
    found = find_recipes()
    assert {recipe.name for recipe in found} >= {"digits-cnn", "efficientnet-lite0"}
    assert all(recipe.file.stem == recipe.name for recipe in found)
    assert "digits-cnn" in recipes_text(found)


def test_a_nested_training_table_keeps_the_steps_own_defaults(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(GOOD.replace("[steps.qat]", "[steps.qat]\ntraining = { epochs = 3 }"))
    training = load(path).steps["qat"].options.training
    assert (training.epochs, training.learning_rate) == (3, 2e-4)


def test_modules_beside_the_recipe_import_each_other_and_all_count(tmp_path):
    (tmp_path / "net.py").write_text("import net_parts\n\n\ndef build():\n    return net_parts.WIDTH\n")
    (tmp_path / "net_parts.py").write_text("WIDTH = 7\n")
    reference = FunctionRef(name="net:build")
    assert resolve(reference, {}, tmp_path)() == 7
    assert source_files(reference, {}, tmp_path) == (tmp_path / "net.py", tmp_path / "net_parts.py")


def test_what_an_installed_module_imports_of_its_package_counts(tmp_path):
    """The tokenizer's text is part of the snippets' identity; edgekit's other packages are not."""
    from edgekit.datasets import SOURCES

    files = source_files(FunctionRef(name="movie-snippets"), SOURCES, tmp_path)
    names = [path.name for path in files]
    assert names[0] == "movie_snippets.py"
    assert {"wordpiece.py", "fetch.py"} <= set(names)
    assert {path.parent.name for path in files} == {"datasets"}
    assert "digits.py" not in names


MIXED = """
[variants.mixed]
steps = ["train"]
precision = "mixed"
"""


def test_a_mixed_variant(tmp_path):
    text = GOOD + MIXED + 'budget = 0.5\nio = "uint8"\nexceptions = "int16"\n'
    variant = load(write(tmp_path, text)).variants[-1]
    assert (variant.precision, variant.budget, variant.io, variant.exceptions) == ("mixed", 0.5, "uint8", "int16")
    plain = load(write(tmp_path, text)).variants[0]
    assert (plain.budget, plain.io, plain.exceptions) == (None, "as made", "float")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("", "variants.mixed.budget: missing: precision 'mixed' needs one"),
        ("budget = -0.5", "variants.mixed.budget: -0.5 is no number from 0 on"),
        ("budget = inf", "variants.mixed.budget"),
        ("budget = nan", "variants.mixed.budget"),
        ('budget = 1\nexceptions = "int4"', "variants.mixed.exceptions: 'int4' is not one of 'float', 'int16'"),
    ],
)
def test_bad_mixed_variants(tmp_path, keys, sentence):
    with pytest.raises(RecipeError) as caught:
        load(write(tmp_path, GOOD + MIXED + keys + "\n"))
    assert sentence in str(caught.value)
