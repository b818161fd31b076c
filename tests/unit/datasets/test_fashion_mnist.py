"""Fashion-MNIST from a folder of files as published; files that are not."""

import gzip

import numpy as np
import pytest

from edgekit.datasets.fashion_mnist import CLASSES, fashion_mnist, read_idx
from edgekit.errors import DataError, RecipeError


def idx(path, values):
    head = bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape)
    path.write_bytes(gzip.compress(head + values.tobytes(), 1))


@pytest.fixture
def folder(tmp_path):
    generator = np.random.default_rng(0)
    for part, count in (("train", 60_000), ("t10k", 30)):
        images = np.zeros((count, 28, 28), np.uint8)
        images[:, 0, 0] = np.arange(count) % 256
        idx(tmp_path / f"{part}-images-idx3-ubyte.gz", images)
        idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", generator.integers(0, 10, count).astype(np.uint8))
    return tmp_path


def test_the_published_split(folder):
    source = fashion_mnist(str(folder), train_samples=1000)
    train, validation, test = source.train(), source.validation(), source.test()
    assert (len(train), len(validation), len(test)) == (1000, 5000, 30)
    assert len(fashion_mnist(str(folder)).train()) == 55_000
    assert train.inputs[0].shape == (1000, 1, 28, 28) and train.inputs[0].dtype == np.float32
    assert train.inputs[0][255, 0, 0, 0] == 1.0 and train.inputs[0].max() == 1.0
    assert validation.inputs[0][0, 0, 0, 0] == np.float32(55_000 % 256 / 255)
    assert train.labels.dtype == np.int64 and len(CLASSES) == 10


def test_what_is_not_as_published(folder):
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte.gz is not there") as caught:
        fashion_mnist(str(folder)).test()
    assert "train-images-idx3-ubyte.gz" in caught.value.hint
    idx(folder / "t10k-labels-idx1-ubyte.gz", np.zeros(29, np.uint8))
    with pytest.raises(DataError, match=r"images of shape \[30, 28, 28\] and labels of \[29\]"):
        fashion_mnist(str(folder)).test()


@pytest.mark.parametrize("content", [b"", b"plain", gzip.compress(b"")[:-4], gzip.compress(b"\0\0\x09\x01\0\0\0\0")])
def test_what_is_no_idx_file(tmp_path, content):
    (tmp_path / "odd.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"odd\.gz is no"):
        read_idx(tmp_path / "odd.gz")


def test_an_idx_file_that_promises_more_than_it_holds(tmp_path):
    (tmp_path / "odd.gz").write_bytes(gzip.compress(b"\0\0\x08\x02" + b"\xff" * 8 + b"x"))
    with pytest.raises(DataError, match="no idx file of bytes"):
        read_idx(tmp_path / "odd.gz")


def test_more_samples_than_there_are():
    with pytest.raises(RecipeError, match="60000 is not in"):
        fashion_mnist(train_samples=60_000)
