"""Named bytes put into a file: everything else in it stays."""

from pathlib import Path

import pytest
from unit.tflite import built

from edgekit.errors import ModelFileError
from edgekit.tflite import describe, read
from edgekit.tflite.metadata import entry, with_metadata
from edgekit.tflite.patch import Patch

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "runner"
FILES = [(GOLDEN / name).read_bytes() for name in ("float.tflite", "int8.tflite")]
ADDED = {"tokenizer": bytes(range(256)) * 9, "größe": b"", "x": b"1"}


def by_hand():
    """A file with an entry of its own, and a buffer that lies behind the flatbuffer."""
    graph = built.graph(
        tensors=[built.tensor(shape=(4,), buffer=1), built.tensor(shape=(4,), buffer=2)],
        operators=[built.operator(0, (0, 1), (1,))],
        inputs=(0,),
        outputs=(1,),
    )
    root = built.model(graph, buffers=(b"", b"0123456789abcdef", b""), metadata=({0: b"own", 1: ("I", 1)},))
    mark = 0x1122334455667788
    root[4][2] = {1: ("Q", mark), 2: ("Q", 16)}
    content = built.file(root)
    content += bytes(-len(content) % 16)
    content = content.replace(mark.to_bytes(8, "little"), len(content).to_bytes(8, "little"))
    return content + b"far-far-far-away"  # 16 bytes


def constants(content):
    file, patch = read(content), Patch(content)
    return [patch.values(tensor) for tensor in file.main.tensors]


def plain(content):
    """What a file holds, without where it lies."""
    file = read(content)
    tensors = [
        (tensor.name, tensor.shape, tensor.dtype, tensor.quantization and tensor.quantization.scales)
        for tensor in file.main.tensors
    ]
    return (file.version, file.description, tensors, file.main.operators, file.main.inputs, file.signatures)


@pytest.mark.parametrize("content", [*FILES, by_hand()], ids=["float", "int8", "by hand"])
def test_everything_else_stays(content):
    with_more = with_metadata(content, ADDED)
    assert plain(with_more) == plain(content)
    assert constants(with_more) == constants(content)
    assert (len(with_more) - len(content)) % 16 == 0
    for tensor, moved in zip(read(content).main.tensors, read(with_more).main.tensors, strict=True):
        assert tensor.buffer == moved.buffer
        assert (moved.buffer_offset - tensor.buffer_offset) % 16 == 0
    for name, value in ADDED.items():
        assert entry(with_more, name) == value
    assert read(with_more).metadata == (*read(content).metadata, *ADDED)
    sections = read(with_more).sections
    assert sections.total_bytes == len(with_more)
    assert sections.metadata_bytes >= len(ADDED["tokenizer"])
    assert "metadata (" in describe.render(describe.summary(read(with_more), with_more))
    assert with_metadata(content, {}) == content


def test_values_are_aligned_for_a_runtime_that_maps_the_file():
    with_more = with_metadata(FILES[0], ADDED)
    assert with_more.index(ADDED["tokenizer"]) % 16 == 0


def test_an_entry_of_the_same_name_is_replaced():
    once = with_metadata(by_hand(), {"own": b"new", "other": b"o"})
    twice = with_metadata(once, {"own": b"newer"})
    assert read(twice).metadata == ("other", "own")
    assert (entry(twice, "own"), entry(twice, "other")) == (b"newer", b"o")
    assert constants(twice) == constants(by_hand())


def test_what_cannot_be_done_is_a_sentence():
    with pytest.raises(ModelFileError, match="no metadata 'none'"):
        entry(FILES[0], "none")
    with pytest.raises(ModelFileError, match="not a whole .tflite file"):
        with_metadata(FILES[0][:-1], {"x": b""})
    with pytest.raises(ModelFileError, match="metadata name of 0 bytes"):
        with_metadata(FILES[0], {"": b""})
    newer = built.file(built.model(built.graph()) | {9: b"later"})
    with pytest.raises(ModelFileError, match="a field 9, newer than the schema"):
        with_metadata(newer, {"x": b""})
    far = built.graph(tensors=[built.tensor()], operators=[built.operator(0, (0,), (0,)) | {9: ("Q", 64)}])
    with pytest.raises(ModelFileError, match="an operator's options lie behind the flatbuffer"):
        with_metadata(built.file(built.model(far)), {"x": b""})
