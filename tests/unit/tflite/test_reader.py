"""The bounded reader and the patcher, on two real files."""

import random
import time
from pathlib import Path

import pytest

from edgekit.errors import ModelFileError
from edgekit.runner import codec
from edgekit.tflite import describe, read, read_file
from edgekit.tflite.patch import Patch
from edgekit.tflite.structure import macs, operator_counts

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "runner"
FLOAT = (GOLDEN / "float.tflite").read_bytes()
INT8 = (GOLDEN / "int8.tflite").read_bytes()


def test_what_a_file_holds():
    model = read(INT8)
    assert operator_counts(model) == {"FULLY_CONNECTED": 1, "MAX_POOL_2D": 1, "DEPTHWISE_CONV_2D": 1} | {
        name: 1 for name in operator_counts(model) if name == "RESHAPE"
    }
    first = model.main.tensors[model.main.inputs[0]]
    assert (first.shape, first.dtype, first.is_constant) == ((1, 4, 4, 1), "int8", False)
    assert first.quantization.zero_points == (-128,)
    weights = model.main.tensors[model.main.operators[0].inputs[1]]
    assert (weights.shape, weights.quantization.axis, len(weights.quantization.scales)) == ((1, 3, 3, 4), 3, 4)
    # 2x2 outputs x 4 channels x 9 weights, and 4 x 3
    assert macs(model) == 2 * 2 * 4 * 9 + 4 * 3


@pytest.mark.parametrize("content", [FLOAT, INT8])
def test_sections_add_up_to_the_file(content):
    assert read(content).sections.total_bytes == len(content)


def test_int8_weights_are_a_quarter():
    assert read(FLOAT).sections.weights_bytes - read(INT8).sections.weights_bytes == 3 * (36 + 12)


@pytest.mark.parametrize("content", [FLOAT, INT8])
def test_every_truncation_is_one_sentence(content):
    for length in range(len(content) - 1):
        try:
            read(content[:length], "cut.tflite")
        except ModelFileError as error:
            assert error.message.startswith("cut.tflite: not a whole .tflite file: ")


def test_random_and_mutated_files_end_in_a_sentence_or_a_model():
    generator = random.Random(3)
    refused = 0
    started = time.monotonic()
    for _ in range(4000):
        content = bytearray(generator.choice((FLOAT, INT8)))
        for _ in range(generator.randint(1, 8)):
            at = generator.randrange(len(content))
            content[at] = generator.choice((0, 1, 127, 128, 255, generator.randrange(256)))
        try:
            describe.render(describe.summary(read(bytes(content)), bytes(content)), tensors=True)
        except ModelFileError:
            refused += 1
    assert 500 < refused < 4000
    assert time.monotonic() - started < 120  # a hang, not a speed


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 100, b"\x10\0\0\0TFL3" + b"\xff" * 64, b"PK\x03\x04" * 10])
def test_other_files(content):
    with pytest.raises(ModelFileError, match="not a whole .tflite file"):
        read(content)


def test_overlapping_tables_run_out_of_budget():
    """A vector of tables that all point to one big table would be read for ever."""
    model = bytearray(INT8)
    generator = random.Random(1)
    model += bytes(generator.randrange(256) for _ in range(10_000))
    from edgekit.tflite.reader import _Broken, _Bytes

    data = _Bytes(bytes(model))
    with pytest.raises(_Broken, match="its tables overlap"):
        for _ in range(1_000):
            data.spend(len(model))


def test_a_missing_file(tmp_path):
    with pytest.raises(ModelFileError, match="cannot be read: No such file") as caught:
        read_file(tmp_path / "none.tflite")
    assert caught.value.exit_code == 1


def test_a_patch_changes_nothing_else():
    tensor = read(INT8).main.tensors[0]
    patch = Patch(INT8)
    patch.set_quantization(tensor, (0.125,), (7,))
    changed = patch.content()
    assert len(changed) == len(INT8)
    assert sum(a != b for a, b in zip(INT8, changed, strict=True)) <= 12
    again = read(changed).main.tensors[0].quantization
    assert (again.scales, again.zero_points) == ((0.125,), (7,))


def test_patches_that_do_not_fit_are_refused():
    model = read(INT8)
    weights = next(tensor for tensor in model.main.tensors if tensor.is_constant and tensor.quantization)
    patch = Patch(INT8)
    with pytest.raises(ModelFileError, match="do not fit what the file has"):
        patch.set_quantization(weights, (0.5,) * 99, (0,) * 99)
    with pytest.raises(ModelFileError, match="bytes for a buffer of"):
        patch.set_values(weights, b"x")
    patch.set_values(weights, b"\x01" * weights.buffer_bytes)
    assert patch.values(weights) == b"\x01" * weights.buffer_bytes


def test_the_summary_for_people():
    found = describe.summary(read(INT8), INT8)
    text = describe.render(found, tensors=True)
    assert "int8 1x4x4x1" in text
    assert "4 scales along axis 3" in text
    assert f"{found.sections.weights_bytes:>10}  weights and other constants" in text
    assert codec.encode(found)["quantized_tensors"] == found.quantized_tensors
