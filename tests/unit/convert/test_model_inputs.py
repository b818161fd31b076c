"""Shapes and samples that a person gives with a model file, and how layouts are told apart."""

import numpy as np
import pytest

from edgekit.convert.child import fit
from edgekit.convert.child.samples import count_shape, is_image, random_inputs, relaid, together
from edgekit.convert.inputs import fitted, load_samples, parse_shape
from edgekit.convert.roads import is_model_file, road_of, sha256_of
from edgekit.errors import DataError, ModelFileError, UsageError


def test_shapes():
    assert parse_shape("1x3x224x224") == ((1, 3, 224, 224), "float32")
    assert parse_shape("1x128:int64") == ((1, 128), "int64")
    assert parse_shape("scalar:int64") == ((), "int64")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,3,8", "--shape '1,3,8' is no shape"),
        ("0x3", "--shape '0x3' is no shape"),
        ("1x3:float", "--shape '1x3:float': 'float' is no type of inputs"),
        ("1x99999x99999", "--shape '1x99999x99999' has 1e+10 elements"),
        ("1x1x1x1x1x1x1x1x1", "--shape '1x1x1x1x1x1x1x1x1' is no shape"),
    ],
)
def test_shapes_that_are_none(text, sentence):
    with pytest.raises(UsageError) as caught:
        parse_shape(text)
    assert caught.value.message == sentence


def test_samples_of_a_file_and_of_a_folder(tmp_path):
    one, two = np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(2)
    np.savez(tmp_path / "b.npz", b=two, a=one)
    assert [array.tolist() for array in load_samples(tmp_path / "b.npz")] == [one.tolist(), two.tolist()]
    np.savez(tmp_path / "c.npz", b=two + 2, a=one + 6)
    first, second = load_samples(tmp_path)
    assert first.tolist() == np.arange(12).reshape(4, 3).tolist() and second.tolist() == [0, 1, 2, 3]


def test_samples_that_cannot_be_used(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="objects.npy cannot be read: Object arrays cannot be loaded"):
        load_samples(tmp_path / "objects.npy")
    np.savez(tmp_path / "uneven.npz", a=np.zeros(2), b=np.zeros(3))
    with pytest.raises(DataError, match="its arrays hold 2, 3 samples"):
        load_samples(tmp_path / "uneven.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no .npy or .npz file"):
        load_samples(tmp_path / "empty")
    with pytest.raises(DataError, match="No such file"):
        load_samples(tmp_path / "absent.npz")
    with pytest.raises(DataError) as caught:
        fitted((np.zeros((4, 5), np.float32),), [(1, 6)], ["float32"], ["x"])
    assert caught.value.message == "input x takes [1, 6], the samples have shape [4, 5]"


def test_random_inputs_are_seeded_and_lie_where_the_docs_say():
    first = random_inputs([(1, 3), (2, 1, 4), (1, 5)], ["float32", "float32", "int64"], 8, 0)
    again = random_inputs([(1, 3), (2, 1, 4), (1, 5)], ["float32", "float32", "int64"], 8, 0)
    assert [array.shape for array in first] == [(8, 3), (8, 2, 1, 4), (8, 5)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert -1 <= first[0].min() < -0.5 < 0.5 < first[0].max() <= 1 and set(first[2].ravel()) == {0, 1}
    assert count_shape((), 3) == (3,)


def test_images_are_those_with_few_channels():
    assert is_image((1, 3, 224, 224)) and is_image((1, 1, 8, 8))
    assert not is_image((1, 224, 224, 3)) and not is_image((1, 64, 8, 8)) and not is_image((1, 3, 8))


def test_samples_follow_the_files_axes():
    images = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    assert np.array_equal(relaid(images, (0, 2, 3, 1), (1, 4, 5, 3)), images.transpose(0, 2, 3, 1))
    states = np.arange(2 * 3 * 1 * 4).reshape(2, 3, 1, 4)  # two samples of (3, 1, 4): the batch is not first
    turned = relaid(states, (1, 0, 2), (1, 3, 4))
    assert turned.shape == (2, 3, 4) and np.array_equal(turned[1], states[1][:, 0])


def test_an_outputs_layout_is_told_by_its_values():
    want = np.random.default_rng(0).random((1, 3, 3, 3))
    assert fit._best(want, want.transpose(0, 2, 3, 1)) == ((0, 2, 3, 1), 0.0)
    assert fit._best(want, want) == ((), 0.0)
    assert fit._best(want, np.zeros((1, 3, 3)))[1] == float("inf")


def test_outputs_without_names_are_told_by_their_values():
    from edgekit.runner.engine import Tensor

    want = [np.full((1, 2), 1.0), np.array([[5.0, 7.0]])]
    tensors = [Tensor(name=f"call:{place}", shape=(1, 2), dtype="float32") for place in range(2)]
    order, error = fit._outputs(["a", "b"], [(1, 2), (1, 2)], want, tensors, [want[1], want[0]])
    assert (order, error) == ([1, 0], 0.0)


def test_outputs_of_one_sample_each_are_joined_as_the_batch_runner_joins_them():
    made = together([[np.ones((1, 2)), np.float32(3)], [np.zeros((1, 2)), np.float32(4)]])
    assert made[0].shape == (2, 2) and made[1].tolist() == [3, 4]


def test_roads_by_ending(tmp_path):
    assert is_model_file("x.onnx") and is_model_file("x.HDF5") and not is_model_file("digits-cnn")
    assert is_model_file(str(tmp_path)) and not is_model_file("") and not is_model_file("my-recipe.txt")
    (tmp_path / "x.pb").write_bytes(b"x")
    assert is_model_file(str(tmp_path / "x.pb"))
    with pytest.raises(UsageError) as caught:
        road_of(tmp_path / "x.pt")
    assert caught.value.message.endswith("x.pt holds weights and no network")
    with pytest.raises(UsageError, match="an ending that no road takes"):
        road_of(tmp_path / "x.pb")
    with pytest.raises(UsageError, match=r"a folder without saved_model\.pb"):
        road_of(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    assert road_of(tmp_path) == "saved-model"
    with pytest.raises(ModelFileError, match="No such file"):
        road_of(tmp_path / "absent.onnx")


def test_a_folders_hash_holds_names_and_contents(tmp_path):
    (tmp_path / "a").write_text("1")
    before = sha256_of(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert sha256_of(tmp_path) != before
