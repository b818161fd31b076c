"""`edgekit new`: what it writes loads, and nothing is overwritten."""

import pytest

from edgekit.errors import RecipeError, UsageError
from edgekit.recipe.functions import resolve, source_files
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


IN_A_PACKAGE = ARGUMENTS | {"model": "pkg.inner.net:build", "data": "pkg.inner.net:data"}
FILE = {"task": "classification", "image": True, "starter": True}


def test_a_module_in_a_package_is_found_by_its_recipe(tmp_path):
    files = write_recipe(tmp_path / "d.toml", **FILE, **IN_A_PACKAGE)
    assert files == (tmp_path / "d.toml", tmp_path / "pkg" / "inner" / "net.py")
    recipe = load(files[0])
    for reference, name in ((recipe.model.factory, "build"), (recipe.data, "data")):
        assert source_files(reference, {}, tmp_path) == (files[1],)
        function = resolve(reference, {}, tmp_path)
        assert (function.__name__, function.__code__.co_filename) == (name, str(files[1]))


def test_nothing_is_overwritten_in_a_package(tmp_path):
    module = tmp_path / "pkg" / "inner" / "net.py"
    module.parent.mkdir(parents=True)
    module.write_text("mine")
    with pytest.raises(UsageError, match="pkg/inner/net.py is there already"):
        write_recipe(tmp_path / "d.toml", **FILE, **IN_A_PACKAGE)
    assert module.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["pkg"]


def test_a_package_that_is_a_file(tmp_path):
    (tmp_path / "pkg").write_text("mine")
    with pytest.raises(UsageError, match="pkg is no folder, so net.py cannot be written there"):
        write_recipe(tmp_path / "d.toml", **FILE, **IN_A_PACKAGE)
    assert [path.name for path in tmp_path.iterdir()] == ["pkg"]


def test_a_missing_module_of_a_package_says_which_file_to_write(tmp_path):
    (recipe_file,) = write_recipe(tmp_path / "d.toml", **(FILE | {"starter": False}), **IN_A_PACKAGE)
    with pytest.raises(RecipeError, match="no module 'pkg.inner.net' beside the recipe or installed") as caught:
        resolve(load(recipe_file).model.factory, {}, tmp_path)
    assert caught.value.hint == "put pkg/inner/net.py into the recipe's folder"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"model": "my_module"}, "--model 'my_module' is not module:function"), ({"data": "a b:c"}, "--data 'a b:c'")],
)
def test_bad_names(tmp_path, changes, sentence):
    with pytest.raises(UsageError, match=sentence):
        write_recipe(tmp_path / "a.toml", task="classification", image=True, **(ARGUMENTS | changes))


def test_an_unknown_target_leaves_nothing(tmp_path):
    with pytest.raises(RecipeError, match="no kind of target"):
        write_recipe(tmp_path / "a.toml", task="classification", image=True, **(ARGUMENTS | {"targets": ("x:y:z",)}))
    assert list(tmp_path.iterdir()) == []
