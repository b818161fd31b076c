"""No dead weight: fewer bytes, the same outputs bit for bit, and nothing that was not understood is lost."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from unit.tflite import built
from with_torch.conftest import fresh

from edgekit.convert import convert_model, post_training, quantize, schema, trained
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.shrink import CONVERTERS_ONLY, shrink
from edgekit.datasets.layout import to_channels_last
from edgekit.errors import ModelFileError
from edgekit.runner.engine import open_engine
from edgekit.tflite import describe, read
from edgekit.tflite.metadata import entry, with_metadata
from edgekit.zoo.speech_lstm import speech_lstm
from edgekit.zoo.text_transformer import text_transformer
from edgekit.zoo.vowels_gru import vowels_gru

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "runner"
STEPS, CHANNELS, WORDS = 4, 5, 12
NETWORKS = {
    "gru": lambda: vowels_gru(channels=CHANNELS, width=16, classes=3),
    "lstm": lambda: speech_lstm(channels=CHANNELS, width=16, classes=3),
    "text": lambda: text_transformer(vocabulary=300, length=WORDS, width=16, heads=4, feed_forward=16),
}
PRECISIONS = ("float32", "fp16", "int8", "int8-dynamic")
FILES = [
    *(("digits", precision) for precision in (*PRECISIONS, "qat")),
    *((name, precision) for name in ("gru", "lstm") for precision in PRECISIONS),
    *(("text", precision) for precision in ("float32", "fp16", "int8-dynamic")),
]


def examples(name, count):
    """`count` samples of one network's inputs, each array with the samples along its first axis."""
    generator = np.random.default_rng(3)
    if name == "text":
        return (generator.integers(1, 300, (count, WORDS)).astype(np.int32),)
    if name == "digits":
        return (generator.random((count, 1, 8, 8), dtype=np.float32),)
    return generator.normal(size=(count, STEPS, CHANNELS)).astype(np.float32), np.ones((count, STEPS), np.float32)


@pytest.fixture(scope="module")
def whole(context, trained_int8):
    """(network, precision) -> the file as the converter and the quantizer leave it."""
    from edgekit.compress import start

    digits = fresh(context)
    models = {"digits": digits}
    for name, build in NETWORKS.items():
        torch.manual_seed(0)
        names = ("ids",) if name == "text" else ("frames", "mask")
        models[name] = start.start(build(), examples(name, 1), input_names=names)
    floats = {name: to_tflite(model.network, model) for name, model in models.items()}

    def made(name, precision):
        arrays = to_channels_last(examples(name, 8), models[name].channels_last)
        samples = [tuple(array[k : k + 1] for array in arrays) for k in range(8)]
        return {
            "float32": lambda: floats[name],
            "fp16": lambda: quantize.to_fp16(floats[name]),
            "int8": lambda: post_training.to_static_int8(floats[name], samples),
            "int8-dynamic": lambda: post_training.to_dynamic_int8(floats[name], samples),
            "qat": lambda: trained.to_trained_int8(trained_int8, examples("digits", 1)).content,
        }[precision]()

    return {key: made(*key) for key in FILES}


def ran(content, folder):
    """Bytes of every output for three inputs, twice over, and what XNNPACK took."""
    path = folder / "model.tflite"
    path.write_bytes(content)
    engine = open_engine("litert", path, delegate="cpu", threads=1)
    generator = np.random.default_rng(4)
    outputs = []
    for _ in range(3):
        given = []
        for tensor in engine.inputs:
            kind = np.dtype(tensor.dtype)
            if kind.kind == "f":
                given.append(generator.random(tensor.shape).astype(kind))
            else:
                low, high = (-128, 128) if kind == np.int8 else (0, 300)
                given.append(generator.integers(low, high, tensor.shape).astype(kind))
        for _ in range(2):
            engine.copy_in(tuple(given))
            engine.invoke()
            outputs += [array.tobytes() for array in engine.read_out()]
    return outputs, engine.nodes(), engine.inputs, engine.outputs


def aligned(content):
    places = [tensor.buffer_offset for graph in read(content).subgraphs for tensor in graph.tensors]
    return len([place for place in places if place]), [place % 16 for place in places]


@pytest.mark.parametrize(("name", "precision"), FILES)
def test_same_outputs_in_fewer_bytes(whole, tmp_path, name, precision):
    content = whole[name, precision]
    shrunk, names = shrink(content)
    before, after = ran(content, tmp_path), ran(shrunk, tmp_path)
    assert after == before  # outputs, nodes, partitions, inputs and outputs by name, scales
    assert before[1].partitions >= 1
    assert len(set(before[0])) > 1  # the inputs made a difference
    constants, offsets = aligned(shrunk)
    assert constants >= 4
    assert set(offsets) == {0}
    old, new = read(content), read(shrunk)
    assert len(names) == len(new.main.tensors) - len(new.main.inputs) - len(new.main.outputs)
    assert {names.get(tensor.name, tensor.name) for tensor in new.main.tensors} == {t.name for t in old.main.tensors}
    assert new.sections.names_bytes < 0.25 * old.sections.names_bytes
    assert len(content) - len(shrunk) > 0.8 * (old.sections.names_bytes - new.sections.names_bytes)
    assert new.signatures == old.signatures
    assert shrink(shrunk) == (shrunk, {})
    assert "bytes" in describe.render(describe.summary(new, shrunk), tensors=True)


@pytest.mark.parametrize(("name", "precision"), FILES)
def test_every_field_that_the_schema_knows_stays(whole, name, precision):
    """Apart from names and numbers of buffers and operator codes, the objects are equal."""
    content = whole[name, precision]
    before, after = schema.unpack(content), schema.unpack(shrink(content)[0])
    for model in (before, after):
        for graph in model.subgraphs:
            for tensor in graph.tensors:
                tensor.data = model.buffers[tensor.buffer].data
                tensor.buffer = tensor.name = None
                if tensor.quantization is not None and tensor.quantization.scale is None:
                    tensor.quantization = None
            for operator in graph.operators:
                operator.code, operator.opcodeIndex = model.operatorCodes[operator.opcodeIndex], None
        model.notes = {item.name: model.buffers[item.buffer].data.tobytes() for item in model.metadata}
        model.notes.pop(CONVERTERS_ONLY.encode(), None)
        model.buffers = model.operatorCodes = model.metadata = None
    assert before.notes.keys() == {b"min_runtime_version"}
    assert schema.key(before) == schema.key(after)


def test_conversion_shrinks_and_its_side_car_keeps_the_names(context, tmp_path):
    data, notes = context.data, {"edgekit/labels": b"0 1 2"}
    artifact = convert_model(
        fresh(context),
        "float32",
        calibration=data.train.take(slice(0, 10)),
        parity_samples=data.joined(20),
        folder=tmp_path,
        recipe="made-up",
        variant="v",
        metadata=notes,
    )
    content = (tmp_path / artifact.file).read_bytes()
    file = read(content)
    assert artifact.parity.passed
    assert file.metadata == ("min_runtime_version", "edgekit.lineage", "edgekit/labels")
    assert entry(content, "edgekit/labels") == notes["edgekit/labels"]
    assert artifact.inputs[0].name.startswith("serving_default")
    inside = {tensor.name for tensor in file.main.tensors} - {t.name for t in (*artifact.inputs, *artifact.outputs)}
    assert inside == artifact.tensor_names.keys()
    assert max(map(len, inside)) == 1
    assert any("conv.Conv2d" in name for name in artifact.tensor_names.values())


def made_up(graph, parts):
    return built.file(built.model(graph, **parts))


def graphs():
    """A file of our own making, in parts: two ADDs of equal constants that lie in buffers of their own."""
    two = [built.tensor(shape=(2,), buffer=number, name=b"a/long/path/of/modules" * 3) for number in (1, 2)]
    ends = [built.tensor(shape=(2,), name=name) for name in (b"in", b"out")]
    graph = built.graph(
        tensors=[*two, *ends, built.tensor(shape=(2,), name=b"middle/of/the/graph" * 3)],
        operators=[built.operator(1, (2, 0), (4,)), built.operator(1, (4, 1), (3,))],
        inputs=(2,),
        outputs=(3,),
    )
    ones = struct.pack("<2f", 1, 2)
    return {"codes": ("CONV_2D", "ADD"), "buffers": (b"", ones, ones, b"nobody refers to this" * 9)}, graph


def test_equal_constants_once_and_unused_parts_never(tmp_path):
    parts, graph = graphs()
    content = made_up(graph, parts)
    shrunk, names = shrink(content)
    model = schema.unpack(shrunk)
    assert [None if buffer.data is None else len(buffer.data) for buffer in model.buffers] == [None, 8]
    assert len(model.operatorCodes) == 1
    assert read(shrunk).sections.unused_buffers_bytes == 0
    assert read(shrunk).main.operators == read(content).main.operators
    assert sorted(names) == ["0", "1", "2"]
    path = tmp_path / "model.tflite"
    path.write_bytes(shrunk)
    engine = open_engine("litert", path, delegate="cpu", threads=1)
    engine.copy_in((np.array([10, 20], dtype=np.float32),))
    engine.invoke()
    assert engine.read_out()[0].tolist() == [12, 24]  # both ADDs still find the one constant
    assert len(shrunk) < len(content) - 300


def behind(parts, graph):
    """The same file with both constants behind the flatbuffer, as litert-quantizer writes large ones."""
    root = built.model(graph, **parts)
    size = len(made_up(graph, parts))
    root[4][1:] = [{1: ("Q", size + 100 + 8 * number), 2: ("Q", 8)} for number in (0, 1)]
    content = built.file(root)
    return content + bytes(size + 100 - len(content)) + 2 * struct.pack("<2f", 1, 2)


def test_constants_behind_the_flatbuffer_move_into_it():
    parts, graph = graphs()
    content = behind(parts, graph)
    assert shrink(content)[0] == shrink(made_up(graph, parts))[0]
    assert read(shrink(content)[0]).main.tensors[0].buffer_offset % 16 == 0


def test_large_files_of_the_quantizer_take_their_constants_in(context, tmp_path):
    """From 256 kB on it writes them behind the flatbuffer."""
    model = fresh(context, width=64)
    content = quantize.to_fp16(to_tflite(model.network.eval(), model))
    assert any(buffer.offset > 1 for buffer in generated(content).buffers)
    shrunk, _ = shrink(content)
    assert not any(buffer.offset for buffer in generated(shrunk).buffers)
    assert set(aligned(shrunk)[1]) == {0}
    assert ran(shrunk, tmp_path) == ran(content, tmp_path)
    assert len(content) - len(shrunk) > 4000


def generated(content):
    from litert_converter.schema_py_generated import ModelT

    return ModelT.InitFromPackedBuf(content)


def test_names_that_are_taken_are_skipped():
    parts, graph = graphs()
    graph[0][2] = built.tensor(shape=(2,), name=b"0")
    shrunk, names = shrink(made_up(graph, parts))
    assert [tensor.name for tensor in read(shrunk).main.tensors] == ["1", "2", "0", "out", "3"]
    assert sorted(names) == ["1", "2", "3"]


def test_equal_bytes_of_other_scales_stay_apart():
    parts, graph = graphs()
    for number, scale in enumerate((0.5, 0.25)):
        graph[0][number] = built.tensor(
            shape=(8,), kind=9, buffer=number + 1, name=b"long/name/of/weights" * 4, scales=[scale], zero_points=[0]
        )
    apart = read(shrink(made_up(graph, parts))[0]).main.tensors
    assert apart[0].buffer_offset != apart[1].buffer_offset
    graph[0][1] = dict(graph[0][0])
    graph[0][1][2] = ("I", 2)
    shared = read(shrink(made_up(graph, parts))[0]).main.tensors
    assert shared[0].buffer_offset == shared[1].buffer_offset


def test_metadata_that_carries_something_stays():
    parts, graph = graphs()
    content = made_up(graph, parts)
    given = {CONVERTERS_ONLY: b"true", "min_runtime_version": b"1.5.0", "tokenizer": b"[UNK]\na\nb"}
    shrunk, _ = shrink(with_metadata(content, given))
    assert read(shrunk).metadata == ("min_runtime_version", "tokenizer")
    assert entry(shrunk, "tokenizer") == given["tokenizer"]


def newer(graph, fields):
    """A table with fields that no schema has yet."""
    return graph | {number: ("I", 7) for number in fields}


ODD = {
    "a newer field of a graph": lambda parts, graph: made_up(newer(graph, [40]), parts),
    "a newer field of a tensor": lambda parts, graph: made_up(
        graph | {0: [newer(graph[0][0], [40]), *graph[0][1:]]}, parts
    ),
    "a newer kind of options": lambda parts, graph: made_up(
        graph | {3: [graph[3][0] | {3: ("B", 250), 4: {0: ("b", 1)}}, *graph[3][1:]]}, parts
    ),
    "files behind it": lambda parts, graph: made_up(graph, parts) + b"PK\x05\x06" + bytes(18),
    "options behind it": lambda parts, graph: made_up(
        graph | {3: [graph[3][0] | {9: ("Q", 64), 10: ("Q", 4)}, *graph[3][1:]]}, parts
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_what_would_be_lost_comes_back_as_it_is(what):
    content = ODD[what](*graphs())
    read(content)
    assert shrink(content) == (content, {})


def test_no_model_is_an_error():
    with pytest.raises(ModelFileError):
        shrink(b"no model at all")


def test_damaged_files_are_refused_or_returned_or_sound():
    """Every byte of a small file, wrong in turn: no other exception, and whatever comes out can be read."""
    content = (GOLDEN / "int8.tflite").read_bytes()
    outcomes = {"refused": 0, "unchanged": 0, "shrunk": 0}
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 0x81
        try:
            shrunk, _ = shrink(bytes(damaged))
        except ModelFileError:
            outcomes["refused"] += 1
            continue
        read(shrunk)
        outcomes["unchanged" if shrunk == bytes(damaged) else "shrunk"] += 1
    assert min(outcomes.values()) > 10, outcomes
