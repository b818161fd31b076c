"""`edgekit new`: what it writes loads, and nothing is overwritten."""

import pytest

from edgekit.errors import UsageError
from edgekit.recipe.load import load
from edgekit.recipe.new import write_recipe

ARGUMENTS = {"model": "my_module:build", "data": "my_module:data", "targets": ("desktop:cpu",)}


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("image", [True, False])
def test_the_written_recipe_loads(tmp_path, task, image):
    files = write_recipe(tmp_path / "mine.toml", task=task, image=image, starter=True, **ARGUMENTS)
    assert [file.name for file in files] == ["mine.toml", "my_module.py"]
    recipe = load(files[0])
    assert recipe.model.channels_last == ((0,) if image else ())
    assert recipe.metric.name == ("mse" if task == "regression" else "top1")
    compile(files[1].read_text(), "my_module.py", "exec")


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "my_module.py").write_text("mine")
    with pytest.raises(UsageError, match="my_module.py is there already"):
        write_recipe(tmp_path / "a.toml", task="classification", image=True, starter=True, **ARGUMENTS)
    assert [path.name for path in tmp_path.iterdir()] == ["my_module.py"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"model": "my_module"}, "--model 'my_module' is not module:function"), ({"data": "a b:c"}, "--data 'a b:c'")],
)
def test_bad_names(tmp_path, changes, sentence):
    with pytest.raises(UsageError, match=sentence):
        write_recipe(tmp_path / "a.toml", task="classification", image=True, **(ARGUMENTS | changes))


def test_an_unknown_target_leaves_nothing(tmp_path):
    from edgekit.errors import RecipeError

    with pytest.raises(RecipeError, match="no kind of target"):
        write_recipe(tmp_path / "a.toml", task="classification", image=True, **(ARGUMENTS | {"targets": ("x:y:z",)}))
    assert list(tmp_path.iterdir()) == []
