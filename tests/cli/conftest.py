"""`edgekit(...)` in this process, in a temporary folder; `refused(...)` asserts what every refusal has in common."""

import shutil

import pytest
from cli.tools import Done, assert_refused, files_in, write_recipe

from edgekit.cli.main import main


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Networks this small train faster on one thread than on two that wait for each other."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture
def edgekit(tmp_path, monkeypatch, capfd):
    """A function: words -> Done. The current folder is tmp_path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)

    def call(*words):
        capfd.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Done(code=stopped.value.code, out=out, err=err)

    return call


@pytest.fixture
def refused(edgekit, tmp_path):
    """A function: code, sentence, hint, words. Runs them without and with --debug, and no file may come of either."""

    def call(code, sentence, hint, *words):
        before = files_in(tmp_path)
        assert_refused(edgekit(*words), code, sentence, hint)
        assert_refused(edgekit(*words, "--debug"), code, sentence, hint, debug=True)
        assert files_in(tmp_path) == before

    return call


@pytest.fixture(scope="session")
def converted(tmp_path_factory):
    """A folder that holds the tiny recipe and a workspace with its two artifacts, made once."""
    folder = tmp_path_factory.mktemp("converted")
    recipe = write_recipe(folder)
    with pytest.raises(SystemExit, match="0"):
        main(["convert", str(recipe), "--workspace", str(folder / ".edgekit"), "--out", str(folder / "made.txt")])
    return folder


@pytest.fixture
def tiny(tmp_path, converted):
    """The tiny recipe in the current folder, its two artifacts in the workspace already."""
    shutil.copytree(converted / ".edgekit", tmp_path / ".edgekit")
    write_recipe(tmp_path)
    return "tiny.toml"
