"""Recipes that nobody wrote in good faith, and one that anybody may: options that are lists."""

import time

import pytest

from edgekit.errors import RecipeError
from edgekit.recipe.load import MAX_BYTES, load

RECIPE = """
[model]
factory = "own:build"
options = {OPTIONS}

[data]
source = "own:data"

[variants.float32]
precision = "float32"
"""


def loaded(tmp_path, options="{}", more=""):
    path = tmp_path / "r.toml"
    path.write_text(RECIPE.replace("{OPTIONS}", options) + more)
    return load(path)


def sentence(tmp_path, *words):
    started = time.monotonic()
    with pytest.raises(RecipeError) as caught:
        loaded(tmp_path, *words)
    assert time.monotonic() - started < 5
    assert len(caught.value.message) - len(str(tmp_path)) < 600
    assert len(caught.value.hint) < 400
    return caught.value.message.removeprefix(f"{tmp_path / 'r.toml'}: ")


def test_options_may_be_lists_and_tables_of_any_plain_values(tmp_path):
    options = '{ widths = [16, 32], names = ["a", ["b", 1.5, true]], table = { x = { y = [{ z = 1 }] } } }'
    expected = {"widths": [16, 32], "names": ["a", ["b", 1.5, True]], "table": {"x": {"y": [{"z": 1}]}}}
    assert loaded(tmp_path, options).model.factory.options == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            "{ x = 1979-05-27 }",
            'model.options.x: expected text, a number, true, false, a list or a table, got "1979-05-27"',
        ),
        ("{ x = [1, nan] }", "model.options.x[1]: expected a finite number, got NaN"),
        ("{ x = inf }", "model.options.x: expected a finite number, got Infinity"),
        (f"{{ x = {2**63} }}", f"model.options.x: expected a whole number of 64 bits, got {2**63}"),
        ("{ x = " + "[" * 40 + "]" * 40 + " }", "model.options.x" + "[0]" * 17 + ": nested more than 16 deep"),
    ],
)
def test_options_that_cannot_be_passed_on(tmp_path, options, said):
    assert sentence(tmp_path, options) == said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("\n[plan]\nlaunches = " + "9" * 5000, "not TOML: Exceeds the limit (4300 digits)"),
        (
            "\n[plan]\nlaunches = 0x" + "f" * 9000,
            "plan.launches: expected a whole number of 64 bits, got a number of thou",
        ),
        ("\n[steps.x]\nkind = 0x" + "f" * 9000, "steps.x.kind: no step is called a number of thousands of digits"),
        ("\n[" + "a." * 40_000 + "a]", "not TOML: a key of 40001 parts: "),
        ("\n" + "a." * 40_000 + "a = 1", "not TOML: a key of 40001 parts: "),
        ("\nx = {" + "a." * 40_000 + "a = 1}", "not TOML: a key of 40001 parts: "),
        ("\nx = " + "[" * 40_000, "not TOML: "),
        ("\n[gates." + "g" * 5000 + "]", "gates.ggg"),
        ("\n[steps." + "s" * 5000 + "]\nkind = 'x'", "steps.sss"),
        ("\n[variants." + "v" * 5000 + "]\nprecision = 'int8'", "variants: 'vvv"),
        ("\n[variants.v]\nprecision = '" + "p" * 5000 + "'", "variants.v.precision: 'ppp"),
        (
            "\n[variants.v]\nprecision = 'int8'\nsteps = ['" + "s" * 5000 + "']",
            "variants.v.steps: no step is called 'sss",
        ),
    ],
)
def test_text_beyond_any_bound(tmp_path, more, said):
    assert sentence(tmp_path, "{}", more).startswith(said)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("targets = ['" + "t" * 5000 + ":cpu']", "targets: target 'ttt"),
        ("baseline = '" + "b" * 5000 + "'", "baseline: 'bbb"),
        ("name = '" + "n" * 5000 + "'", "name: 'nnn"),
        ("loss = '" + "l" * 5000 + "'", "loss: 'lll"),
        ("k" * 5000 + " = 1", "kkk"),
    ],
)
def test_names_beyond_any_bound(tmp_path, line, said):
    path = tmp_path / "r.toml"
    path.write_text(line + "\n" + RECIPE.replace("{OPTIONS}", "{}"))
    with pytest.raises(RecipeError) as caught:
        load(path)
    assert caught.value.message.removeprefix(f"{path}: ").startswith(said)
    assert len(caught.value.message) - len(str(path)) < 400


def test_dots_that_are_no_key(tmp_path):
    text = f'description = "{"so it goes. " * 60}"  # {"." * 90}\n# {"." * 90}\n'
    path = tmp_path / "r.toml"
    path.write_text(text + RECIPE.replace("{OPTIONS}", "{ x = [" + "0.5, " * 200 + "] }"))
    assert len(load(path).model.factory.options["x"]) == 200


def test_the_largest_recipe(tmp_path):
    with pytest.raises(RecipeError, match=f"bytes are no recipe \\(at most {MAX_BYTES}\\)"):
        loaded(tmp_path, "{}", "\n#" + "x" * MAX_BYTES)


@pytest.mark.parametrize(
    "place", ["student = { w = VALUE }", "teacher = { factory = 'a:b', weights = 'w', options = { w = VALUE } }"]
)
def test_options_of_a_distill_step_are_bounded(tmp_path, place):
    text = "[model]\nfactory = 'a:b'\n[data]\nsource = 'a:c'\n[steps.kd]\nkind = 'distill'\nPLACE\n"
    text += "[variants.float32]\nsteps = []\nprecision = 'float32'\n"
    file = tmp_path / "r.toml"
    file.write_text(text.replace("PLACE", place.replace("VALUE", "[8, { a = true }]")))
    assert load(file).steps["kd"].kind == "distill"
    for value in ("2020-01-01", "[" * 20 + "]" * 20, "1e999"):
        file.write_text(text.replace("PLACE", place.replace("VALUE", value)))
        with pytest.raises(RecipeError, match=r"steps\.kd\.(student|teacher\.options)"):
            load(file)
